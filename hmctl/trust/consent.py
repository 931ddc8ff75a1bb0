"""The one place that asks a person to agree to the terms of a room. No flag answers for them."""

from dataclasses import dataclass

from hmctl.app import App
from hmctl.errors import Declined
from hmctl.render import changes, units
from hmctl.render import room as room_text
from hmctl.render.changes import Change
from hmctl.rooms.opening import OpenedRoom

_OTHERWISE = 'Read the terms with `hmctl room inspect "$ROOM"`, agree with `hmctl room accept "$ROOM"`.'


@dataclass(frozen=True)
class Compared:
    """How the present terms relate to those accepted before.

    `accepted_at` is None when none were. `changes` is None when those terms were not kept, so that only the whole text
    can be shown.
    """

    accepted_at: float | None
    changes: list[Change] | None


def require_accepted(app: App, opened: OpenedRoom, *, may_ask: bool) -> None:
    """Returns when the terms were accepted by this profile, now or before (Declined otherwise).

    `may_ask` is False when stdin is taken by something else. With the checks switched off nothing is asked and
    nothing is remembered.
    """
    if app.settings.skip_attestations or app.acceptances.has(opened.terms(app.profile_name)):
        return
    app.terminal.block(proposal(opened, compare(app, opened)))
    if not may_ask:
        raise Declined("the terms of this room are not accepted", hint=_OTHERWISE)
    app.terminal.confirm(f"Accept these terms for profile {app.profile_name!r}?", otherwise=_OTHERWISE)
    record(app, opened)


def compare(app: App, opened: OpenedRoom) -> Compared:
    """The present terms against the last ones that this profile accepted (StoreDamaged)."""
    before = app.acceptances.last_other_version(opened.terms(app.profile_name))
    if before is None:
        return Compared(None, None)
    kept = app.accepted_manifests.find(before.manifest_hash)
    if kept is None:
        return Compared(before.accepted_at, None)
    old, old_wire = kept
    told = changes.between(old, opened.manifest, old_wire=old_wire, new_wire=opened.verified.wire)
    return Compared(before.accepted_at, told)


def proposal(opened: OpenedRoom, compared: Compared) -> str:
    """What a person reads before agreeing: what changed, if terms were accepted before, then the terms whole."""
    terms = room_text.terms(opened)
    if compared.accepted_at is None:
        return f"You have not accepted the terms of this room yet. As signed by its owner:\n{terms}"
    since = f"The terms of this room changed since you accepted them ({units.moment(compared.accepted_at)})."
    if compared.changes is None:
        return f"{since} The terms of that time are not kept here. The new terms, as signed by its owner:\n{terms}"
    return f"{since} What changed:\n{changes.text(compared.changes)}\nThe new terms, as signed by its owner:\n{terms}"


def record(app: App, opened: OpenedRoom) -> None:
    """Remembers that this profile accepted exactly these terms, and keeps them to compare with later ones."""
    app.accepted_manifests.keep(opened.verified)
    app.acceptances.accept(opened.terms(app.profile_name), name=opened.manifest.name, at=app.clock.now())
