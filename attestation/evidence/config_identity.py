"""What a configuration id can stand for: build, application, instance and key provider, in two digest forms."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from attestation import domains
from attestation.canonical import ROOM_V1
from attestation.encoding import unhex
from attestation.errors import CanonicalError, EncodingError, ManifestError
from attestation.evidence.errors import ConfigIdMalformed
from attestation.evidence.identity import APP_ID_BYTES, HASH_BYTES, KeyProvider, KeyProviderKind
from attestation.keccak import keccak256
from attestation.reading import Reader

_KIND_BYTES: Final = {
    KeyProviderKind.NONE: b"\x00",
    KeyProviderKind.LOCAL: b"\x01",
    KeyProviderKind.KMS: b"\x02",
    KeyProviderKind.TPM: b"\x03",
}
_KIND_NAMES: Final = {
    "none": KeyProviderKind.NONE,
    "local": KeyProviderKind.LOCAL,
    "kms": KeyProviderKind.KMS,
    "tpm": KeyProviderKind.TPM,
}
_DOCUMENT_VERSION: Final = 3
_MAX_DOCUMENT_CHARACTERS: Final = 64 * 1024
_REQUIRED: Final = frozenset({"app_id", "compose_hash", "key_provider"})
_MEMBERS: Final = _REQUIRED | {"version", "key_provider_id", "instance_id"}


@dataclass(frozen=True, kw_only=True)
class ConfigIdentity:
    """Build, application and key provider as a configuration id binds them; hex in lowercase."""

    compose_hash: str
    app_id: str
    key_provider: KeyProvider
    instance_id: str | None = None


def config_id_digest(identity: ConfigIdentity) -> bytes:
    """The 32 bytes of a configuration id of kind COMPOSE_AND_APP. Raises EncodingError for malformed hex."""
    provider = identity.key_provider
    build = unhex(identity.compose_hash, HASH_BYTES) + unhex(identity.app_id, APP_ID_BYTES)
    return keccak256(build + _KIND_BYTES[provider.kind] + provider.id)


def document_digest(document: str) -> bytes:
    """The 32 bytes of a configuration id of kind DOCUMENT. Raises ConfigIdMalformed."""
    return hashlib.sha256(domains.CONFIG_DOCUMENT + b"\0" + _encoded(document)).digest()


def read_document(document: str) -> ConfigIdentity:
    """Reads a configuration document.

    Raises ConfigIdMalformed for members that are missing, repeated, unknown or of another form.
    """
    try:
        members = ROOM_V1.decode_strict(_encoded(document))
        if not isinstance(members, Mapping) or not set(members) >= _REQUIRED or set(members) - _MEMBERS:
            raise ConfigIdMalformed
        reader = Reader(members)
        if reader.has("version") and reader.count("version") != _DOCUMENT_VERSION:
            raise ConfigIdMalformed
        return ConfigIdentity(
            compose_hash=unhex(reader.text("compose_hash"), HASH_BYTES).hex(),
            app_id=unhex(reader.text("app_id"), APP_ID_BYTES).hex(),
            key_provider=KeyProvider(
                _KIND_NAMES[reader.choice("key_provider", _KIND_NAMES)], _optional(reader, "key_provider_id")
            ),
            instance_id=_optional(reader, "instance_id").hex() or None,
        )
    except (CanonicalError, ManifestError, EncodingError) as error:
        raise ConfigIdMalformed from error


def _optional(reader: Reader, name: str) -> bytes:
    return unhex(reader.text(name)) if reader.has(name) else b""


def _encoded(document: str) -> bytes:
    if len(document) > _MAX_DOCUMENT_CHARACTERS:
        raise ConfigIdMalformed
    try:
        return document.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigIdMalformed from error
