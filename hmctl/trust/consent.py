"""The one place that asks a person to agree to the terms of a room. No flag answers for them."""

from hmctl.app import App
from hmctl.errors import Declined
from hmctl.render import room as room_text
from hmctl.rooms.opening import OpenedRoom

_OTHERWISE = 'Read the terms with `hmctl room inspect "$ROOM"`, agree with `hmctl room accept "$ROOM"`.'


def require_accepted(app: App, opened: OpenedRoom, *, may_ask: bool) -> None:
    """Returns when the terms were accepted by this profile, now or before (Declined otherwise).

    `may_ask` is False when stdin is taken by something else. With the checks switched off nothing is asked and
    nothing is remembered.
    """
    if app.settings.skip_attestations:
        return
    terms = opened.terms(app.profile_name)
    if app.acceptances.has(terms):
        return
    changed = app.acceptances.accepted_other_version(terms)
    app.terminal.say(
        "The terms of this room changed since you accepted them. The new terms, as signed by its owner:"
        if changed
        else "You have not accepted the terms of this room yet. As signed by its owner:"
    )
    app.terminal.say(room_text.terms(opened))
    if not may_ask:
        raise Declined("the terms of this room are not accepted", hint=_OTHERWISE)
    app.terminal.confirm(f"Accept these terms for profile {app.profile_name!r}?", otherwise=_OTHERWISE)
    app.acceptances.accept(terms, name=opened.manifest.name, at=app.clock.now())
