"""Verdicts about rooms and runs: numbered steps, then the proven value or a VerificationError.

Only the value a function returns may be believed. Whatever stood beside the signed content in the same
response is never read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from attestation import envelope as envelopes
from attestation.canonical import ROOM_V1
from attestation.digests import text_hash
from attestation.errors import (
    BadSignature,
    CanonicalError,
    ComposeNotAllowed,
    LiveComposeUnknown,
    OtherRoom,
    OtherTenant,
    RoomExpired,
    RoomRolledBack,
    RunFieldDiffers,
    RunFieldMissing,
    RunRecordIncomplete,
    RunRecordMissing,
    RunSignerDiffers,
    RunSignerUnknown,
)
from attestation.manifests import normalise
from attestation.manifests.room import AgentDigests, RoomManifest, parse_room
from attestation.manifests.run_record import hash_error


@dataclass(frozen=True)
class VerifiedRoom:
    """A room whose manifest is the owner's. `canonical` is the exact bytes that were signed."""

    manifest: RoomManifest
    manifest_hash: str
    canonical: bytes
    owner_pubkey_b64: str

    @property
    def wire(self) -> dict[str, Any]:
        """The signed object with all its members, read from the checked bytes."""
        return cast(dict[str, Any], ROOM_V1.decode_strict(self.canonical))


@dataclass(frozen=True, kw_only=True)
class RunExpectation:
    """What the asker knows about its run. None leaves a check out, and `VerifiedRun.unchecked` then says so.

    `signer_pubkey_b64` must come from verified evidence (or a development signer the person accepted), never
    from the record. Texts are given as received. `agents` are the digests of the accepted manifest.
    """

    signer_pubkey_b64: str
    run_id: str
    room_id: str
    room_manifest_hash: str
    status: str
    prompt_hash: str
    output: str | None
    error: str | None
    compose_hash: str | None
    client_nonce: str | None
    agents: tuple[AgentDigests, ...] | None


@dataclass(frozen=True)
class VerifiedRun:
    """A record that holds. `unchecked` names what the caller gave nothing to compare with."""

    canonical: bytes
    signer_pubkey_b64: str
    unchecked: tuple[str, ...]

    @property
    def body(self) -> dict[str, Any]:
        """The signed statement, read anew from the checked bytes at each access."""
        return cast(dict[str, Any], ROOM_V1.decode_strict(self.canonical))


def verify_room(
    envelope: object,
    *,
    room_id: str,
    owner_pubkey_b64: str | None,
    tenant_id: str | None = None,
    now: float | None = None,
    minimum_serial: int = 0,
) -> VerifiedRoom:
    """Proves that the envelope is the owner's current word on this room.

    (1) envelope parts, signer, hash, signature; (2) the manifest parses and names its signer as owner; (3) it
    is this room; (4) of this tenant, when given; (5) not older than a version seen before; (6) not expired,
    when `now` (unix seconds) is given.

    Without `owner_pubkey_b64` the room is only consistent in itself: the caller must compare the returned key
    with one it stored. Whether the running build may be trusted is `check_trust`.
    """
    signed = envelopes.open_signed(envelope, expected_pubkey_b64=owner_pubkey_b64)  # 1
    manifest = parse_room(signed.manifest)  # 2
    if manifest.room_id != room_id:  # 3
        raise OtherRoom
    if tenant_id is not None and manifest.tenant_id != tenant_id:  # 4
        raise OtherTenant
    if manifest.serial < minimum_serial:  # 5
        raise RoomRolledBack
    if now is not None and manifest.expires_at is not None and now >= manifest.expires_at:  # 6
        raise RoomExpired
    return VerifiedRoom(
        manifest=manifest,
        manifest_hash=signed.manifest_hash,
        canonical=signed.canonical,
        owner_pubkey_b64=signed.signer_pubkey_b64,
    )


def check_trust(manifest: RoomManifest, *, live_compose: str | None) -> None:
    """Returns when the room accepts the running build; else ComposeNotAllowed or LiveComposeUnknown.

    `live_compose` is the compose hash proven by hardware evidence, never a claim of the service. A
    restricting mode with an empty list accepts nothing.
    """
    if manifest.trust.mode == normalise.OPERATOR_UPDATES:
        return
    if not live_compose:
        raise LiveComposeUnknown
    if live_compose.lower() not in {allowed.lower() for allowed in manifest.trust.allowed_composes}:
        raise ComposeNotAllowed


def verify_run(record: object, *, expect: RunExpectation) -> VerifiedRun:
    """Proves that the record is the service's signed word on exactly this run.

    (1) there is a record; (2) with body, signature, signer; (3) by the expected signer; then the body's (4)
    build, (5) room, (6) manifest, (7) output; (8) the signature; then (9) run id, (10) prompt, (11) status,
    (12) the asker's nonce, (13) error, (14) agents. Completed and failed runs are held to the same steps.
    """
    body, signature_b64, signer = _parts(record)  # 1, 2
    if not expect.signer_pubkey_b64:  # 3
        raise RunSignerUnknown
    if signer != expect.signer_pubkey_b64:
        raise RunSignerDiffers
    output_hash = None if expect.output is None else text_hash(expect.output)
    compose_hash = None if expect.compose_hash is None else expect.compose_hash.lower()
    _check(body, "compose_hash", compose_hash, "compose_hash_differs")  # 4
    _check(body, "room_id", expect.room_id, "room_id_differs")  # 5
    _check(body, "room_manifest_hash", expect.room_manifest_hash, "manifest_hash_differs")  # 6
    _check(body, "output_hash", output_hash, "output_differs")  # 7
    canonical = _canonical(body)
    envelopes.check_signature(canonical, signature_b64=signature_b64, signer_pubkey_b64=signer)  # 8
    _check(body, "signer_pubkey_b64", signer, "body_signer_differs")
    _check(body, "run_id", expect.run_id, "run_id_differs")  # 9
    _check(body, "prompt_hash", expect.prompt_hash, "prompt_differs")  # 10
    _check(body, "status", expect.status, "status_differs")  # 11
    _check(body, "client_nonce", expect.client_nonce, "nonce_differs")  # 12
    error_hash = None if expect.error is None else hash_error(expect.error)
    _check(body, "error_hash", error_hash, "error_differs")  # 13
    for agent in expect.agents or ():  # 14
        _check_agent(body, agent)
    return VerifiedRun(canonical=canonical, signer_pubkey_b64=signer, unchecked=_unchecked(expect))


_SENTENCES = {
    "compose_hash_differs": "Another build of the service signed this run.",
    "room_id_differs": "The record belongs to another room.",
    "manifest_hash_differs": "The run followed other room rules than the accepted ones.",
    "output_differs": "The output was changed after it was signed.",
    "body_signer_differs": "The record names another signer than the one that signed it.",
    "run_id_differs": "The record belongs to another run: an old answer may have been replayed.",
    "prompt_differs": "The record belongs to another prompt.",
    "status_differs": "The signed outcome of the run is another one than reported.",
    "nonce_differs": "The record was not made for this request: an old answer may have been replayed.",
    "error_differs": "The error text was changed after it was signed.",
    "agent_differs": "An agent that ran is not the one the room's owner signed.",
}


def _parts(record: object) -> tuple[Mapping[str, Any], str, str]:
    if not isinstance(record, Mapping):
        raise RunRecordMissing
    body, signature, signer = (record.get(name) for name in ("body", "signature_b64", "signer_pubkey_b64"))
    if not isinstance(body, Mapping) or not isinstance(signature, str) or not isinstance(signer, str):
        raise RunRecordIncomplete
    if not body or not signature or not signer:
        raise RunRecordIncomplete
    return body, signature, signer


def _check(body: Mapping[str, Any], name: str, expected: str | None, code: str) -> None:
    if expected is None:
        return
    if name not in body:
        raise RunFieldMissing(name)
    if body[name] != expected:
        raise RunFieldDiffers(code, name, _SENTENCES[code])


def _check_agent(body: Mapping[str, Any], agent: AgentDigests) -> None:
    _check(body, f"{agent.role}_agent_id", agent.agent_id, "agent_differs")
    _check(body, f"{agent.role}_files_digest", agent.files_sha256, "agent_differs")
    listed = body.get("agents")
    entries = listed if isinstance(listed, list) else []
    ran = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("role") == agent.role]
    if len(ran) != 1:
        raise RunFieldMissing(f"the {agent.role} agent's source")
    _check(ran[0], "agent_id", agent.agent_id, "agent_differs")
    _check(ran[0], "source_sha256", agent.source_sha256, "agent_differs")
    _check(ran[0], "image_id", agent.image_id or None, "agent_differs")


def _canonical(body: Mapping[str, Any]) -> bytes:
    try:
        return ROOM_V1.encode(body)
    except CanonicalError as error:
        raise BadSignature("The record has no canonical form, so nobody signed it.") from error


def _unchecked(expect: RunExpectation) -> tuple[str, ...]:
    optional = ("output", "error", "compose_hash", "client_nonce")
    names = [name for name in optional if getattr(expect, name) is None]
    return (*names, *(() if expect.agents else ("agents",)))
