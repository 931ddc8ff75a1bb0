"""The event log of an invented machine, and the register it leads to."""

import json
from typing import Any

from attestation.evidence.event_log import (
    RUNTIME_KIND,
    RUNTIME_REGISTER,
    Event,
    EventForm,
    replay,
    runtime_digest,
)
from attestation.evidence.identity import BootFacts


def mint_event_log(facts: BootFacts, *, form: EventForm = EventForm.CONCATENATED) -> tuple[str, bytes]:
    """The log of a boot sequence with these facts as JSON, and the value of the runtime register after it."""
    events = [
        Event(RUNTIME_REGISTER, RUNTIME_KIND, name, payload, runtime_digest(name, payload, form=form), form)
        for name, payload in boot_sequence(facts)
    ]
    return json.dumps([_entry(event) for event in events]), replay(events, register=RUNTIME_REGISTER)


def boot_sequence(facts: BootFacts) -> list[tuple[str, bytes]]:
    """The events of a start with their payloads, in their order."""
    sequence = [
        ("system-preparing", b""),
        ("app-id", bytes.fromhex(facts.app_id)),
        ("compose-hash", bytes.fromhex(facts.compose_hash)),
        ("instance-id", bytes.fromhex(facts.instance_id or "")),
        ("boot-mr-done", b""),
    ]
    if facts.os_image_hash is not None:
        sequence.append(("os-image-hash", bytes.fromhex(facts.os_image_hash)))
    if facts.key_provider is not None:
        provider = {"name": facts.key_provider.kind.value, "id": facts.key_provider.id.hex()}
        sequence.append(("key-provider", json.dumps(provider, separators=(",", ":")).encode("ascii")))
    return [*sequence, ("system-ready", b"")]


def _entry(event: Event) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "imr": event.register,
        "event_type": event.kind,
        "digest": event.digest.hex(),
        "event": event.name,
        "event_payload": event.payload.hex(),
    }
    return entry if event.form is EventForm.CONCATENATED else entry | {"version": int(event.form)}
