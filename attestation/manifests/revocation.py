"""The end of a room, signed by its owner: final, whatever version of the room anybody shows afterwards."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from attestation import domains
from attestation.canonical import ROOM_V1
from attestation.encoding import b64
from attestation.envelope import check_signature
from attestation.errors import (
    BadSignature,
    CanonicalError,
    CouldNotCheck,
    ManifestError,
    OtherRoom,
    OtherTenant,
    SignatureMissing,
    SignerIsNotLinkKey,
    SignerIsNotOwnerKey,
    VerificationError,
)
from attestation.framing import length_prefixed
from attestation.keys import SigningKey
from attestation.reading import Reader

SCHEMA: Final = "hivemind.room-revocation.v1"
_SIGNED: Final = {"statement", "signature_b64", "signer_pubkey_b64"}


class RoomRevoked(VerificationError):
    """The owner's signed word that the room is over."""

    code = "room_revoked"
    check = "revocation"
    sentence = "This room was revoked by its owner."
    remedy = "Ask the owner whether there is a new room."


class RevocationMissing(CouldNotCheck):
    """A room is said to be revoked, and nothing signed by its owner says so."""

    code = "revocation_unproven"
    check = "revocation"
    sentence = "The service says that the room is revoked, but shows no statement signed by its owner."
    remedy = "Ask the owner whether the room still exists."


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """The statement. `revoked_at` is whole unix seconds; `serial` is one more than that of the room's last version."""

    room_id: str
    tenant_id: str
    serial: int
    revoked_at: int
    owner_pubkey_b64: str
    schema: str = SCHEMA

    def to_wire(self) -> dict[str, Any]:
        """The members that are signed."""
        return asdict(self)


@dataclass(frozen=True)
class VerifiedRevocation:
    """A statement that its owner signed. `wire` is the whole of it as anybody may pass it on."""

    revocation: Revocation
    wire: dict[str, Any]


def sign_revocation(revocation: Revocation, *, key: SigningKey) -> dict[str, Any]:
    """The signed statement. The signature has a domain of its own, so it can never stand under anything else."""
    statement = revocation.to_wire()
    return {
        "statement": statement,
        "signature_b64": b64(key.sign(_signed_bytes(statement))),
        "signer_pubkey_b64": key.public_b64,
    }


def verify_revocation(
    signed: object, *, room_id: str, owner_pubkey_b64: str, tenant_id: str | None = None
) -> VerifiedRevocation:
    """Proves that the owner ended this room.

    (1) There is a statement; (2) with signature and signer; (3) by the owner's key; (4) it names its signer as owner;
    (5) the signature holds; (6) it is about this room, and of this tenant, when given. Each failure is its own
    VerificationError. No serial number is demanded: whoever ended a room ended all its versions.
    """
    statement = signed.get("statement") if isinstance(signed, Mapping) else None
    if not isinstance(signed, Mapping) or not isinstance(statement, Mapping):  # 1
        raise RevocationMissing
    signature, signer = signed.get("signature_b64"), signed.get("signer_pubkey_b64")
    if not isinstance(signature, str) or not isinstance(signer, str) or not signature or not signer:  # 2
        raise SignatureMissing("The revocation is not signed.")
    if set(signed) != _SIGNED:
        raise ManifestError("unknown_member", "revocation")
    if signer != owner_pubkey_b64:  # 3
        raise SignerIsNotLinkKey("The revocation was signed by another key than the room owner's.")
    revocation = _parse(statement)
    if revocation.owner_pubkey_b64 != signer:  # 4
        raise SignerIsNotOwnerKey("The revocation names one owner key and is signed by another.")
    try:
        data = _signed_bytes(revocation.to_wire())
    except CanonicalError as error:
        raise BadSignature from error
    check_signature(data, signature_b64=signature, signer_pubkey_b64=signer)  # 5
    if revocation.room_id != room_id:  # 6
        raise OtherRoom("The revocation is of another room.")
    if tenant_id is not None and revocation.tenant_id != tenant_id:
        raise OtherTenant("The revocation is of another tenant.")
    wire = {"statement": revocation.to_wire(), "signature_b64": signature, "signer_pubkey_b64": signer}
    return VerifiedRevocation(revocation, wire)


def _parse(statement: Mapping[str, Any]) -> Revocation:
    """Exactly the members of this version, so that what is read is all that was signed."""
    top = Reader(statement)
    top.choice("schema", (SCHEMA,))
    revocation = Revocation(
        room_id=top.filled("room_id"),
        tenant_id=top.filled("tenant_id"),
        serial=top.count("serial"),
        revoked_at=top.count("revoked_at"),
        owner_pubkey_b64=top.filled("owner_pubkey_b64"),
    )
    if set(statement) != set(revocation.to_wire()):
        raise ManifestError("unknown_member", "statement")
    return revocation


def _signed_bytes(statement: Mapping[str, Any]) -> bytes:
    return length_prefixed((domains.ROOM_REVOCATION, ROOM_V1.encode(statement)))
