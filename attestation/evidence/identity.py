"""Who a machine says it is: application, build, instance, operating system and the source of its keys.

These facts come out of a replayed event log. They are the operating system's word: they count once that system
itself is known by its measurements.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from attestation.canonical import ROOM_V1
from attestation.encoding import unhex
from attestation.errors import CanonicalError, EncodingError, ManifestError
from attestation.evidence.errors import EventLogAmbiguous, EventLogMalformed, EventLogSilent
from attestation.evidence.event_log import RUNTIME_REGISTER, Event, EventForm, ReplayedLog
from attestation.reading import Reader

APP_ID_BYTES: Final = 20
HASH_BYTES: Final = 32
_APP_ID: Final = "app-id"
_COMPOSE_HASH: Final = "compose-hash"
_INSTANCE_ID: Final = "instance-id"
_OS_IMAGE_HASH: Final = "os-image-hash"
_KEY_PROVIDER: Final = "key-provider"
_READY: Final = "system-ready"
# Each of these may occur once, and only until the machine is ready and other people's programs start.
_GUARDED: Final = frozenset(
    {_APP_ID, _COMPOSE_HASH, _INSTANCE_ID, _OS_IMAGE_HASH, _KEY_PROVIDER, _READY, "system-preparing", "boot-mr-done"}
)


class KeyProviderKind(Enum):
    """Where the machine's keys come from."""

    NONE = "none"  # made at each start, lost at its end
    LOCAL = "local-sgx"  # an enclave on the same host
    KMS = "kms"  # a key service that itself runs attested
    TPM = "tpm"  # the host's security chip


@dataclass(frozen=True)
class KeyProvider:
    """A source of keys and its identity: a public key or measurement as bytes."""

    kind: KeyProviderKind
    id: bytes


@dataclass(frozen=True, kw_only=True)
class BootFacts:
    """What a machine measured about itself, hashes and ids as lowercase hex. None: it did not say."""

    app_id: str
    compose_hash: str
    instance_id: str | None
    os_image_hash: str | None
    key_provider: KeyProvider | None


def read_boot_facts(log: ReplayedLog) -> BootFacts:
    """Takes the facts from a log that matched its quote.

    Raises EventLogAmbiguous when a fact is stated twice, after the machine was ready, or in an event whose
    bytes could also be read as another name; EventLogSilent when the start is not told to its end;
    EventLogMalformed for a fact of a wrong form.
    """
    events = [event for event in log.events if event.register == RUNTIME_REGISTER]
    facts: dict[str, bytes] = {}
    for event in events:
        _refuse_second_reading(event)
        if event.name not in _GUARDED:
            continue
        if event.name in facts or _READY in facts:
            raise EventLogAmbiguous
        facts[event.name] = event.payload
    if not {_APP_ID, _COMPOSE_HASH, _READY} <= facts.keys():
        raise EventLogSilent
    return BootFacts(
        app_id=_hex(facts[_APP_ID], APP_ID_BYTES),
        compose_hash=_hex(facts[_COMPOSE_HASH], HASH_BYTES),
        instance_id=_hex(facts[_INSTANCE_ID], APP_ID_BYTES) if facts.get(_INSTANCE_ID) else None,
        os_image_hash=_hex(facts[_OS_IMAGE_HASH], HASH_BYTES) if _OS_IMAGE_HASH in facts else None,
        key_provider=_key_provider(facts[_KEY_PROVIDER]) if _KEY_PROVIDER in facts else None,
    )


def _refuse_second_reading(event: Event) -> None:
    """In the concatenated form a colon inside a name hides where the name ends."""
    first, colon, _ = event.name.partition(":")
    if event.form is EventForm.CONCATENATED and colon and first in _GUARDED:
        raise EventLogAmbiguous


def _hex(payload: bytes, length: int) -> str:
    if len(payload) != length:
        raise EventLogMalformed
    return payload.hex()


def _key_provider(payload: bytes) -> KeyProvider:
    try:
        members = ROOM_V1.decode_strict(payload)
        if not isinstance(members, Mapping):
            raise EventLogMalformed
        reader = Reader(members)
        return KeyProvider(KeyProviderKind(reader.text("name")), unhex(reader.text("id")))
    except (CanonicalError, ManifestError, EncodingError, ValueError) as error:
        raise EventLogMalformed from error
