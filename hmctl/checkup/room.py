"""Checks of one room: link, signed terms, trust mode, acceptance, and whether answers can be proven."""

from dataclasses import dataclass
from typing import Final

from attestation.manifests.room import RoomManifest
from attestation.verifier import VerifiedRoom
from hmctl.app import App
from hmctl.checkup import service as service_checks
from hmctl.checkup.findings import Checkup
from hmctl.checkup.service import Met
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.errors import HmctlError
from hmctl.render import units
from hmctl.rooms import opening, pinned, reference, revocations
from hmctl.rooms.reference import RoomRef
from hmctl.trust.acceptances import Terms
from hmctl.trust.decide import Standing

_AFTER_FETCHING: Final = ("room serial", "room trust", "room acceptance")
_ALL: Final = ("invite", "room", *_AFTER_FETCHING, "receipt signer")


@dataclass(frozen=True)
class _Found:
    """A room whose signature holds. `earlier_serial` is the one remembered before this checkup, None for none."""

    ref: RoomRef
    verified: VerifiedRoom
    answer: JsonObject
    anchor: str
    earlier_serial: int | None

    @property
    def manifest(self) -> RoomManifest:
        return self.verified.manifest


def check(app: App, text: str, own: Met | None, checkup: Checkup) -> None:
    """All checks of a room; its service is examined first unless it is `own`, the profile's."""
    try:
        ref = reference.read(app, text)
    except HmctlError as problem:
        checkup.failed("room", problem)
        checkup.left_out(tuple(name for name in _ALL if name != "room"), "the room is not known")
        return
    met = own if own and own.service.url == ref.service.url else None
    if met is None:
        met = service_checks.check(app, ref.service, checkup, label="room service:")
    if met.trust is None:
        checkup.left_out(_ALL, met.why)
        return
    _signer(met, checkup)
    try:
        revocations.refuse_ended(app, ref.room_id, revocations.owner_of(app, ref))
        client = app.caller(ref.service, ref.bearer)
    except HmctlError as problem:
        checkup.failed("room", problem)
        checkup.left_out(("invite", *_AFTER_FETCHING), "nothing is sent to this service")
        return
    _invite(client, ref, checkup)
    found = _fetched(app, client, ref, checkup)
    if found is None:
        checkup.left_out(_AFTER_FETCHING, "the room's terms are not verified")
        return
    _serial(found, checkup)
    _trust(app, found, met, checkup)
    _acceptance(app, found, checkup)


def _signer(met: Met, checkup: Checkup) -> None:
    trust, name = met.trust, "receipt signer"
    if trust is None or not trust.signer_pubkey_b64:
        hint = "`room ask` refuses such a service, because no answer could be verified."
        checkup.fail(name, f"{met.service.url} names no key that signs its runs", hint)
    elif trust.standing is Standing.VERIFIED and trust.evidence and trust.evidence.run_signer_pubkey_b64:
        checkup.ok(name, f"{trust.signer_pubkey_b64}, named by the verified evidence")
    else:
        checkup.warn(name, f"{trust.signer_pubkey_b64}, which no hardware vouches for")


def _invite(client: V1, ref: RoomRef, checkup: Checkup) -> None:
    if not ref.is_link:
        checkup.ok("invite", "not needed for an own room")
        return
    with checkup.step("invite"):
        told = client.whoami()
        bound = wire.text(wire.obj(told, "constraints"), "room_id")
        kind = "share link" if ref.is_share else "invite"
        if bound and bound != ref.room_id:
            checkup.fail(
                "invite", f"the {kind} is for room {bound}, not {ref.room_id}", "Ask the owner for a new link."
            )
        else:
            checkup.ok("invite", f"the {kind} is accepted, as {wire.text(told, 'role') or 'participant'}")


def _fetched(app: App, client: V1, ref: RoomRef, checkup: Checkup) -> _Found | None:
    try:
        known = app.known_rooms.find(ref.service.url, ref.room_id)
        answer = opening.fetch(app, client, ref)
        verified, anchor = opening.verify(app, ref, wire.obj(answer, "room"))
    except HmctlError as problem:
        checkup.failed("room", problem)
        return None
    manifest = verified.manifest
    ends = f", valid until {units.moment(manifest.expires_at)}" if manifest.expires_at is not None else ""
    checkup.ok("room", f"{manifest.room_id} {manifest.name!r}, terms verified with the owner's key ({anchor}){ends}")
    return _Found(ref, verified, answer, anchor, known.serial if known else None)


def _serial(found: _Found, checkup: Checkup) -> None:
    serial, before = found.manifest.serial, found.earlier_serial
    if not serial:
        hint = "Its owner can sign it anew with `hmctl room trust`; then old terms cannot be brought back unnoticed."
        checkup.warn("room serial", "the terms carry no serial number", hint)
    elif before is None:
        checkup.ok("room serial", f"version {serial}, seen for the first time; from now on older ones are refused")
    else:
        checkup.ok("room serial", f"version {serial}, not older than version {before}, which was seen before")


def _trust(app: App, found: _Found, met: Met, checkup: Checkup) -> None:
    manifest, trust = found.manifest, met.trust
    if trust is None:
        return
    with checkup.step("room trust"):
        opening.check_build(manifest, met.service, trust)
        pinned.check_room(app, found.ref, manifest.tenant_id, manifest.scope.agent_id, found.answer)
        mode, build = manifest.trust.mode, trust.compose_hash[:12]
        if mode != "operator_updates":
            checkup.ok("room trust", f"{mode}: the proven build {build} is one that the owner allows")
        elif trust.standing is Standing.VERIFIED:
            checkup.ok("room trust", f"operator_updates: any build that you approved, now {build}")
        else:
            checkup.warn("room trust", "operator_updates: any build, and the running one is not proven by hardware")


def _acceptance(app: App, found: _Found, checkup: Checkup) -> None:
    name, ref = "room acceptance", found.ref
    if not ref.is_link:
        checkup.ok(name, "not needed for an own room")
        return
    terms = Terms(
        profile=app.profile_name,
        service=ref.service_text,
        room_id=found.manifest.room_id,
        owner_pubkey_b64=found.verified.owner_pubkey_b64,
        manifest_hash=found.verified.manifest_hash,
    )
    with checkup.step(name):
        if app.acceptances.has(terms):
            checkup.ok(name, f"these terms were accepted by profile {app.profile_name!r}")
        else:
            hint = 'Read and accept them with `hmctl room accept "$ROOM"`; the first ask would show them, too.'
            checkup.warn(name, "these terms are not accepted yet", hint)
