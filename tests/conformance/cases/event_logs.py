"""Lies about what the machine started: an event log that was changed, or a true one that says too much."""

import json
from collections.abc import Callable
from typing import Any

from attestation.evidence.event_log import (
    RUNTIME_KIND,
    RUNTIME_REGISTER,
    Event,
    EventForm,
    replay,
    runtime_digest,
)
from tests.conformance import actions as do
from tests.conformance.case import Case, Expect
from tests.conformance.machine import Machine
from tests.conformance.world import World

_ASK = do.ask(by="link")
_DIFFERS = Expect(4, "event log", "event_log_differs")
_AMBIGUOUS = Expect(4, "event log", "event_log_ambiguous")
_MALFORMED = Expect(4, "event log", "event_log_malformed")
_CONFLICT = Expect(4, "compose hash", "compose_hash_conflict")
Entries = list[dict[str, Any]]


def _case(name: str, lie: str, edit: Callable[[Entries], Entries | None], expect: Expect) -> Case:
    """The log is changed after the hardware measured it."""

    def change(text: str) -> str:
        entries = json.loads(text)
        return json.dumps(edit(entries) or entries)

    def tell(world: World) -> None:
        world.service.change("event log", change)

    return Case(name=f"log/{name}", lie=lie, tell=tell, action=_ASK, expect=expect)


def _text(name: str, lie: str, change: Callable[[str], str]) -> Case:
    def tell(world: World) -> None:
        world.service.change("event log", change)

    return Case(name=f"log/{name}", lie=lie, tell=tell, action=_ASK, expect=_MALFORMED)


def _measured(name: str, lie: str, edit: Callable[[list[tuple[str, bytes]]], None], expect: Expect) -> Case:
    """The machine itself measured something else, so the log fits the quote."""

    def tell(world: World) -> None:
        mine = world.service.machine
        events = [(entry["event"], bytes.fromhex(entry["event_payload"])) for entry in json.loads(mine.log[0])]
        edit(events)
        world.service.machine = _with_log(mine, events)

    return Case(name=f"log/{name}", lie=lie, tell=tell, action=_ASK, expect=expect)


def _with_log(machine: Machine, events: list[tuple[str, bytes]]) -> Machine:
    made = [
        Event(
            RUNTIME_REGISTER,
            RUNTIME_KIND,
            name,
            payload,
            runtime_digest(name, payload, form=EventForm.CONCATENATED),
            EventForm.CONCATENATED,
        )
        for name, payload in events
    ]
    entries = [
        {
            "imr": event.register,
            "event_type": event.kind,
            "digest": event.digest.hex(),
            "event": event.name,
            "event_payload": event.payload.hex(),
        }
        for event in made
    ]
    changed = Machine(root=machine.root, facts=machine.facts, signer=machine.signer, keyset=machine.keyset)
    changed.__dict__["log"] = (json.dumps(entries), replay(made, register=RUNTIME_REGISTER))
    return changed


def _find(entries: Entries, name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["event"] == name)


def _digest(entries: Entries) -> None:
    entry = _find(entries, "compose-hash")
    entry["digest"] = "00" + entry["digest"][2:]


def _payload(entries: Entries) -> None:
    _find(entries, "compose-hash")["event_payload"] = "ab" * 32


def _payload_and_digest(entries: Entries) -> None:
    entry = _find(entries, "compose-hash")
    entry["event_payload"] = "ab" * 32
    entry["digest"] = runtime_digest("compose-hash", b"\xab" * 32, form=EventForm.CONCATENATED).hex()


def _swapped(entries: Entries) -> None:
    entries[1], entries[2] = entries[2], entries[1]


def _dropped(entries: Entries) -> None:
    entries.remove(_find(entries, "key-provider"))


def _inserted(entries: Entries) -> None:
    entries.insert(3, dict(_find(entries, "boot-mr-done"), event="added", event_payload="00", digest=""))


def _renamed(entries: Entries) -> None:
    entry = _find(entries, "compose-hash")
    entry["event"] = "compose-hash:"


def _other_register(entries: Entries) -> None:
    _find(entries, "app-id")["imr"] = 2


def _unknown_kind(entries: Entries) -> None:
    _find(entries, "app-id")["event_type"] = 1


CHANGED = [
    _case("digest-changed", "the digest that the log lists for the build is another one", _digest, _DIFFERS),
    _case("payload-changed", "the log names another build, its digest stays", _payload, _DIFFERS),
    _case(
        "payload-and-digest-changed",
        "the log names another build, with the digest for it",
        _payload_and_digest,
        _DIFFERS,
    ),
    _case("order-changed", "two events change places", _swapped, _DIFFERS),
    _case("event-dropped", "the event that names the key provider is left out", _dropped, _DIFFERS),
    _case("event-inserted", "an event is added", _inserted, _DIFFERS),
    _case("event-renamed", "the event that names the build gets another name", _renamed, _DIFFERS),
    _case("register-changed", "an event moves to another register", _other_register, _MALFORMED),
    _case("kind-changed", "an event gets another kind", _unknown_kind, _MALFORMED),
    _case("emptied", "the log has no events", lambda entries: entries.clear(), _DIFFERS),
    _text("not-a-list", "the log is an object instead of a list", lambda _: '{"events":[]}'),
    _text("not-json", "the log is cut", lambda text: text[:-3]),
    _text(
        "member-twice", "an event has two payloads", lambda text: text.replace('"event":', '"event":"x","event":', 1)
    ),
]
MEASURED = [
    _measured(
        "second-app-id",
        "the machine measured a second application",
        lambda events: events.insert(2, ("app-id", b"\xee" * 20)),
        _AMBIGUOUS,
    ),
    _measured(
        "build-after-the-start",
        "a program in the machine measured another build after the start",
        lambda events: events.append(("compose-hash", b"\xee" * 32)),
        _AMBIGUOUS,
    ),
    _measured(
        "key-provider-after-the-start",
        "a program in the machine measured another key provider after the start",
        lambda events: events.append(("key-provider", b'{"name":"kms","id":"00"}')),
        _AMBIGUOUS,
    ),
    _measured(
        "name-with-a-colon",
        "an event's bytes can also be read as another event",
        lambda events: events.insert(1, ("app-id:" + "x" * 8, b"\xee" * 12)),
        _AMBIGUOUS,
    ),
    _measured(
        "start-not-finished",
        "the log ends before the machine was ready",
        lambda events: events.pop(),
        Expect(4, "event log", "event_log_silent"),
    ),
    _measured(
        "without-a-build",
        "the machine measured no build",
        lambda events: events.__setitem__(slice(None), [event for event in events if event[0] != "compose-hash"]),
        Expect(4, "event log", "event_log_silent"),
    ),
    _measured(
        "build-other-than-configuration",
        "the measured build is not the one of the configuration id",
        lambda events: events.__setitem__(2, ("compose-hash", b"\xee" * 32)),
        _CONFLICT,
    ),
]
CASES = (*CHANGED, *MEASURED)
