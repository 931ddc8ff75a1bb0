"""The list of what a machine measured while it started, held against the registers of its quote.

A log is a claim. What it says about the machine counts only after every digest that can be recomputed was
recomputed from the event's own content and the sum of all digests is what the hardware signed.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from attestation.canonical import ROOM_V1
from attestation.encoding import unhex
from attestation.errors import CanonicalError, EncodingError, ManifestError
from attestation.evidence.errors import EventLogDiffers, EventLogMalformed
from attestation.evidence.quote import QuoteBody
from attestation.reading import Reader

MAX_LOG_BYTES: Final = 1024 * 1024
MAX_EVENTS: Final = 4096
RUNTIME_KIND: Final = 0x08000001
RUNTIME_REGISTER: Final = 3
_REGISTERS: Final = 4
_DIGEST_BYTES: Final = 48


class EventForm(IntEnum):
    """What of a runtime event is hashed."""

    CONCATENATED = 1  # kind, name and payload with colons between them
    JSON = 2  # an object with name, payload and type in canonical form (RFC 8785)


@dataclass(frozen=True)
class Event:
    """One measurement. `digest` is recomputed for runtime events and as listed for the firmware's."""

    register: int
    kind: int
    name: str
    payload: bytes
    digest: bytes
    form: EventForm = EventForm.CONCATENATED


@dataclass(frozen=True)
class ReplayedLog:
    """A log that leads to the quoted value of each register in `registers`. It has no events for the others."""

    events: tuple[Event, ...]
    registers: frozenset[int]


def runtime_digest(name: str, payload: bytes, *, form: EventForm = EventForm.CONCATENATED) -> bytes:
    """The SHA-384 by which a runtime event extends its register."""
    return hashlib.sha384(_preimage(name, payload, form)).digest()


def parse_event_log(text: str) -> tuple[Event, ...]:
    """Reads the JSON of a guest agent: full logs, shortened ones without runtime digests, both event forms.

    Raises EventLogMalformed for another form, for more than 4096 events or a mebibyte, and for runtime events
    and register 3 used without each other; EventLogDiffers for a listed digest that is not the event's.
    """
    try:
        data = text.encode("utf-8")
        entries = ROOM_V1.decode_strict(data) if len(data) <= MAX_LOG_BYTES else None
        if not isinstance(entries, list) or len(entries) > MAX_EVENTS:
            raise EventLogMalformed
        return tuple(_event(entry) for entry in entries)
    except (CanonicalError, ManifestError, EncodingError, UnicodeEncodeError) as error:
        raise EventLogMalformed from error


def replay(events: Sequence[Event], *, register: int) -> bytes:
    """The value the register has after these events."""
    value = bytes(_DIGEST_BYTES)
    for event in events:
        if event.register == register:
            value = hashlib.sha384(value + event.digest).digest()
    return value


def check_event_log(events: Sequence[Event], *, body: QuoteBody) -> ReplayedLog:
    """Holds the log against a report that was verified before.

    Every register with events must match. Register 3 must match in any case; the log may leave out the
    firmware's registers, whose values then have to be known from elsewhere. Raises EventLogDiffers.
    """
    registers = frozenset({event.register for event in events} | {RUNTIME_REGISTER})
    for register in registers:
        if not hmac.compare_digest(replay(events, register=register), body.rtmrs[register]):
            raise EventLogDiffers
    return ReplayedLog(tuple(events), registers)


def _event(entry: object) -> Event:
    if not isinstance(entry, Mapping):
        raise EventLogMalformed
    reader = Reader(entry)
    register, kind = reader.count("imr"), reader.count("event_type")
    name, payload = reader.text("event"), unhex(reader.text("event_payload"))
    listed = unhex(reader.text("digest")) if reader.has("digest") else b""
    is_runtime = kind == RUNTIME_KIND
    if register >= _REGISTERS or is_runtime != (register == RUNTIME_REGISTER):
        raise EventLogMalformed
    if not is_runtime:
        if len(listed) != _DIGEST_BYTES:
            raise EventLogMalformed
        return Event(register, kind, name, payload, listed)
    form = _form(reader)
    preimage = _preimage(name, payload, form)
    digest = hashlib.sha384(preimage).digest()
    if listed not in (b"", digest) or (reader.has("preimage") and unhex(reader.text("preimage")) != preimage):
        raise EventLogDiffers
    return Event(register, kind, name, payload, digest, form)


def _form(reader: Reader) -> EventForm:
    number = reader.count("version") if reader.has("version") else EventForm.CONCATENATED
    try:
        return EventForm(number)
    except ValueError as error:
        raise EventLogMalformed from error


def _preimage(name: str, payload: bytes, form: EventForm) -> bytes:
    if form is EventForm.JSON:
        return ROOM_V1.encode({"name": name, "payload": payload.hex(), "type": RUNTIME_KIND})
    return b":".join((RUNTIME_KIND.to_bytes(4, "little"), name.encode("utf-8"), payload))
