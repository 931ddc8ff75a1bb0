"""Compose pins: a tenant's signed statement of which service builds it accepts for one scope agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attestation.canonical import PIN_V1
from attestation.digests import sha256_hex
from attestation.encoding import b64
from attestation.envelope import check_signature
from attestation.errors import (
    CanonicalError,
    ManifestError,
    OtherTenant,
    PinExpired,
    PinSignerDiffers,
    SignatureMissing,
)
from attestation.keys import SigningKey
from attestation.reading import Reader

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True)
class ComposePin:
    """The statement. Times are whole unix seconds; `exp` 0 means it never expires."""

    tenant_id: str
    allowed_composes: tuple[str, ...]
    scope_agent_id: str
    attested_files_digest: str
    issued_at: int
    exp: int

    def is_expired(self, *, now: float) -> bool:
        """Whether the last valid second is over."""
        return bool(self.exp) and now > self.exp

    def to_wire(self, *, signer_pubkey_b64: str) -> dict[str, Any]:
        """The members that are signed; the signer's key is one of them."""
        return {
            "schema_version": SCHEMA_VERSION,
            "tenant_id": self.tenant_id,
            "allowed_composes": list(self.allowed_composes),
            "scope_agent_id": self.scope_agent_id,
            "attested_files_digest": self.attested_files_digest,
            "issued_at": self.issued_at,
            "exp": self.exp,
            "signer_pubkey": signer_pubkey_b64,
        }


@dataclass(frozen=True)
class VerifiedPin:
    """A pin that passed. `canonical` is the whole signed pin as it is stored, `pin_id` its public name."""

    pin: ComposePin
    pin_id: str
    canonical: bytes


def sign_pin(pin: ComposePin, *, key: SigningKey) -> dict[str, Any]:
    """The wire form of a pin, signed."""
    payload = pin.to_wire(signer_pubkey_b64=key.public_b64)
    return payload | {"signature": b64(key.sign(PIN_V1.encode(payload)))}


def open_pin(envelope: object, *, tenant_id: str, expected_pubkey_b64: str, now: float) -> VerifiedPin:
    """Checks a pin: well formed, of this tenant, by this key, signature, not expired; in this order.

    Raises ManifestError, OtherTenant, PinSignerDiffers, SignatureMissing, BadSignature or PinExpired.
    """
    if not isinstance(envelope, Mapping):
        raise ManifestError("not_object", "envelope")
    pin, members = _parse(envelope), Reader(envelope)
    if pin.tenant_id != tenant_id:
        raise OtherTenant("The compose pin belongs to another tenant.")
    signer = members.text("signer_pubkey")
    if not expected_pubkey_b64 or signer != expected_pubkey_b64:
        raise PinSignerDiffers
    if not envelope.get("signature"):
        raise SignatureMissing("The compose pin is not signed.")
    payload = {name: value for name, value in envelope.items() if name != "signature"}
    check_signature(_canonical(payload), signature_b64=members.text("signature"), signer_pubkey_b64=signer)
    if pin.is_expired(now=now):
        raise PinExpired
    canonical = _canonical(envelope)
    return VerifiedPin(pin=pin, pin_id=sha256_hex(canonical)[:12], canonical=canonical)


def _parse(envelope: Mapping[str, Any]) -> ComposePin:
    top = Reader(envelope)
    if top.count("schema_version") != SCHEMA_VERSION:
        raise ManifestError("schema_unknown", "schema_version")
    return ComposePin(
        tenant_id=top.filled("tenant_id"),
        allowed_composes=top.texts("allowed_composes"),
        scope_agent_id=top.text("scope_agent_id"),
        attested_files_digest=top.text("attested_files_digest"),
        issued_at=top.count("issued_at"),
        exp=top.count("exp"),
    )


def _canonical(members: Mapping[str, Any]) -> bytes:
    try:
        return PIN_V1.encode(members)
    except CanonicalError as error:
        raise ManifestError("not_canonical", "envelope") from error
