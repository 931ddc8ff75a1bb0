"""Signed envelopes: a JSON object, its hash, an Ed25519 signature over its canonical bytes, the signer."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex
from attestation.encoding import b64, unb64
from attestation.errors import (
    BadSignature,
    CanonicalError,
    EncodingError,
    HashMismatch,
    ManifestMissing,
    SignatureMissing,
    SignerIsNotLinkKey,
    SignerIsNotOwnerKey,
)
from attestation.keys import SigningKey, VerifyKey


@dataclass(frozen=True)
class Signed:
    """An envelope that passed every check. `canonical` is the exact bytes the signature covers."""

    canonical: bytes
    manifest_hash: str
    signer_pubkey_b64: str

    @property
    def manifest(self) -> dict[str, Any]:
        """The signed object, read anew from the checked bytes each time: changing it changes nothing."""
        return cast(dict[str, Any], ROOM_V1.decode_strict(self.canonical))


def sign(manifest: Mapping[str, Any], *, key: SigningKey) -> dict[str, Any]:
    """The wire envelope for a manifest. Raises CanonicalError when the manifest is not plain JSON."""
    canonical = ROOM_V1.encode(manifest)
    return {
        "manifest": ROOM_V1.decode_strict(canonical),
        "manifest_hash": sha256_hex(canonical),
        "signature_b64": b64(key.sign(canonical)),
        "signer_pubkey_b64": key.public_b64,
    }


def open_signed(envelope: object, *, expected_pubkey_b64: str | None) -> Signed:
    """Checks an envelope and returns what was signed; keys of the envelope beside the four are ignored.

    Steps, in this order: (1) manifest and hash are there, (2) signature and signer are there, (3) the signer
    is the expected key, when one is given, (4) the signer is the owner key named in the manifest, when one is
    named, (5) the hash fits, (6) the signature holds. Each failure is its own VerificationError.

    With `expected_pubkey_b64=None` the envelope only proves that somebody signed it; the caller must hold the
    signer against a key it knows.
    """
    members = envelope if isinstance(envelope, Mapping) else {}
    manifest, stated_hash = members.get("manifest"), _text(members, "manifest_hash")
    if not isinstance(manifest, Mapping) or not stated_hash:  # 1
        raise ManifestMissing
    signature, signer = _text(members, "signature_b64"), _text(members, "signer_pubkey_b64")
    if not signature or not signer:  # 2
        raise SignatureMissing
    if expected_pubkey_b64 is not None and signer != expected_pubkey_b64:  # 3
        raise SignerIsNotLinkKey
    if manifest.get("owner_pubkey_b64") not in (None, "", signer):  # 4
        raise SignerIsNotOwnerKey
    canonical = _canonical(manifest)
    if not hmac.compare_digest(sha256_hex(canonical).encode(), stated_hash.encode("utf-8", "replace")):  # 5
        raise HashMismatch
    check_signature(canonical, signature_b64=signature, signer_pubkey_b64=signer)  # 6
    return Signed(canonical=canonical, manifest_hash=stated_hash, signer_pubkey_b64=signer)


def check_signature(canonical: bytes, *, signature_b64: str, signer_pubkey_b64: str) -> None:
    """Raises BadSignature (also for text that is not base64) or BadKey.

    Returns nothing when the signature holds.
    """
    try:
        signature = unb64(signature_b64)
    except EncodingError as error:
        raise BadSignature from error
    VerifyKey.from_b64(signer_pubkey_b64).verify(signature, canonical)


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    try:
        return ROOM_V1.encode(manifest)
    except CanonicalError as error:
        raise HashMismatch("The room manifest has no canonical form, so nobody signed it.") from error
