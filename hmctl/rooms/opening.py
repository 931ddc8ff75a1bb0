"""From a reference to a room that is proven to be its owner's.

Everything a command shows, accepts or uses comes from the signed manifest. The unsigned copies that stand beside
it in the answer are compared with it, and a difference is refused: an honest service has no reason for one.
"""

from dataclasses import dataclass

from attestation import verifier
from attestation.errors import KernelError, RoomRolledBack
from attestation.manifests.room import RoomManifest
from attestation.verifier import VerifiedRoom
from hmctl.app import App
from hmctl.client import retries, wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.errors import BadInput, HttpFailed, RoomRejected
from hmctl.rooms import pinned, revocations
from hmctl.rooms.reference import RoomRef
from hmctl.services import Service
from hmctl.trust import decide
from hmctl.trust.acceptances import Terms
from hmctl.trust.decide import ServiceTrust
from hmctl.trust.known_rooms import Known


@dataclass(frozen=True)
class OpenedRoom:
    """A verified room. `anchor` says where the owner's key came from: `link`, `remembered` or `first use`.

    `pinned_files_sha256` is what the owner's compose pin demands of the scope agent's files, if one does.
    """

    ref: RoomRef
    client: V1
    verified: VerifiedRoom
    trust: ServiceTrust
    anchor: str
    answer: JsonObject
    pinned_files_sha256: str = ""

    @property
    def manifest(self) -> RoomManifest:
        """The signed content."""
        return self.verified.manifest

    def terms(self, profile: str) -> Terms:
        """What accepting this room means for a profile."""
        return Terms(
            profile=profile,
            service=self.ref.service_text,
            room_id=self.manifest.room_id,
            owner_pubkey_b64=self.verified.owner_pubkey_b64,
            manifest_hash=self.verified.manifest_hash,
        )

    def as_json(self) -> JsonObject:
        """The answer for --json, with every unsigned field of the room replaced by the signed one.

        What the service claims about itself in it is left out: build and signer are those that the gate let through.
        """
        shown = {name: value for name, value in self.answer.items() if name != "attestation"}
        return shown | {
            "room": room_json(wire.obj(self.answer, "room"), self.verified),
            "verification": {
                "owner_pubkey_b64": self.verified.owner_pubkey_b64,
                "owner_key_from": self.anchor,
                "service": str(self.trust.standing),
                "explanation": self.trust.explanation,
                "compose_hash": self.trust.compose_hash,
                "run_signer_pubkey_b64": self.trust.signer_pubkey_b64,
            },
        }


def open_room(app: App, ref: RoomRef, *, whatever_runs: bool = False) -> OpenedRoom:
    """Gate, fetch, verify, hold the room's own trust rule and the owner's pins against the running build.

    Raises RoomRejected and TrustRefused. `whatever_runs` leaves the last step out, for an owner who takes something
    away from a service.
    """
    revocations.refuse_ended(app, ref.room_id, revocations.owner_of(app, ref))
    client = app.caller(ref.service, ref.bearer)
    trust = app.admit(ref.service)
    answer = fetch(app, client, ref)
    verified, anchor = verify(app, ref, wire.obj(answer, "room"))
    demanded = ""
    if not whatever_runs:
        manifest = verified.manifest
        check_build(manifest, ref.service, trust)
        demanded = pinned.check_room(app, ref, manifest.tenant_id, manifest.scope.agent_id, answer)
    return OpenedRoom(ref, client, verified, trust, anchor, answer, demanded)


def fetch(app: App, client: V1, ref: RoomRef) -> JsonObject:
    """What the service shows of the room (HttpFailed; RoomRejected when it is over, by its owner's word or not)."""
    try:
        return retries.call(lambda: client.room_attest(ref.room_id), retry=retries.READ, clock=app.clock)
    except HttpFailed as problem:
        raise revocations.why_refused(app, ref, problem) from None


def verify(app: App, ref: RoomRef, room: JsonObject) -> tuple[VerifiedRoom, str]:
    """The verified room and the anchor used; remembers what was seen (RoomRejected)."""
    known = app.known_rooms.find(ref.service.url, ref.room_id)
    if known and ref.owner_pubkey_b64 not in (None, known.owner_pubkey_b64):
        raise RoomRejected(
            "the link names another owner key than the one this room was verified with before",
            hint="One of the two links is forged. Ask the owner over another channel.",
            code="owner_key_changed",
        )
    anchor_key = ref.owner_pubkey_b64 or (known.owner_pubkey_b64 if known else None)
    verified = check_envelope(app, room, room_id=ref.room_id, owner_pubkey_b64=anchor_key)
    remember(app, ref, verified)
    anchor = "link" if ref.owner_pubkey_b64 else "remembered" if known else "first use"
    return verified, anchor


def check_envelope(app: App, room: JsonObject, *, room_id: str, owner_pubkey_b64: str | None) -> VerifiedRoom:
    """Signature, room, version, end and expiry of one room object, and that its unsigned copies agree."""
    verified = check_version(app, room, room_id=room_id, owner_pubkey_b64=owner_pubkey_b64, now=app.clock.now())
    revocations.refuse_ended(app, room_id, verified.owner_pubkey_b64)
    revocations.check_row(app, room, room_id=room_id, owner_pubkey_b64=verified.owner_pubkey_b64)
    _check_copies(room, verified)
    return verified


def check_version(
    app: App, room: JsonObject, *, room_id: str, owner_pubkey_b64: str | None, now: float | None
) -> VerifiedRoom:
    """The room by its owner's signature, not older than any version seen anywhere, and not expired at `now`."""
    try:
        verified = verifier.verify_room(
            room.get("envelope"), room_id=room_id, owner_pubkey_b64=owner_pubkey_b64, now=now
        )
        known = app.known_rooms.newest(room_id, verified.owner_pubkey_b64)
        if known is not None and verified.manifest.serial < known.serial:
            raise RoomRolledBack
    except KernelError as problem:
        raise RoomRejected.because(problem) from problem
    _check_not_older(verified, known)
    return verified


def check_build(manifest: RoomManifest, service: Service, trust: ServiceTrust) -> None:
    """Holds the room's trust mode against the build that is proven to run (RoomRejected)."""
    build = decide.proven_build(service, trust)
    try:
        verifier.check_trust(manifest, live_compose=build)
    except KernelError as problem:
        allowed = ", ".join(manifest.trust.allowed_composes) or "none"
        detail = f"mode {manifest.trust.mode}, running {build or 'unknown'}, allowed {allowed}"
        raise RoomRejected.because(problem, detail=detail) from problem


def remember(app: App, ref: RoomRef, verified: VerifiedRoom) -> None:
    """Keeps owner key and version for the next time; a home that cannot be written is only a warning."""
    try:
        app.known_rooms.remember(ref.service.url, ref.room_id, as_known(verified))
    except BadInput as problem:
        app.terminal.warn(f"this room's version is not remembered: {problem.message}")


def as_known(verified: VerifiedRoom) -> Known:
    """What to remember of a verified room."""
    manifest = verified.manifest
    return Known(verified.owner_pubkey_b64, verified.manifest_hash, manifest.serial, _signed_at(manifest))


def room_json(room: JsonObject, verified: VerifiedRoom) -> JsonObject:
    """A room object of the wire whose every derived field comes from the signed manifest."""
    manifest = verified.manifest
    return dict(room) | {
        "room_id": manifest.room_id,
        "name": manifest.name,
        "manifest": verified.wire,
        "manifest_hash": verified.manifest_hash,
        "scope_agent_id": manifest.scope.agent_id,
        "fixed_query_agent_id": manifest.query.agent_id,
        "fixed_mediator_agent_id": manifest.mediator.agent_id if manifest.mediator else "",
        "query_mode": manifest.query.mode,
        "output_visibility": manifest.output_visibility,
        "allowed_llm_providers": list(manifest.llm_providers),
        "allow_artifacts": manifest.allow_artifacts,
        "policy": manifest.policy,
        "created_at": manifest.created_at,
    }


def _check_not_older(verified: VerifiedRoom, known: Known | None) -> None:
    if known is None or verified.manifest_hash == known.manifest_hash:
        return
    older = _signed_at(verified.manifest) < known.signed_at
    twice = verified.manifest.serial == known.serial and known.serial > 0
    if older or twice:
        raise RoomRejected(
            "the service offers an older or second version of terms that were already seen signed",
            hint="Do not use this service for this room until its owner explains it.",
            code=RoomRolledBack.code,
            check=RoomRolledBack.check,
        )


def _check_copies(room: JsonObject, verified: VerifiedRoom) -> None:
    copies = {
        "room_id": verified.manifest.room_id,
        "manifest_hash": verified.manifest_hash,
        "manifest": verified.wire,
    }
    for name, signed in copies.items():
        if room.get(name) not in (None, signed):
            raise RoomRejected(
                f"the service shows a {name} that differs from the one its owner signed",
                hint="Do not use this service.",
                code="copy_differs",
            )


def _signed_at(manifest: RoomManifest) -> float:
    return manifest.updated_at if manifest.updated_at is not None else manifest.created_at
