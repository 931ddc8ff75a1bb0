import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import CouldNotCheck
from attestation.evidence.development.boot import boot_sequence, mint_event_log
from attestation.evidence.errors import EventLogAmbiguous, EventLogMalformed, EventLogSilent
from attestation.evidence.event_log import (
    RUNTIME_KIND,
    RUNTIME_REGISTER,
    Event,
    EventForm,
    ReplayedLog,
    parse_event_log,
    runtime_digest,
)
from attestation.evidence.identity import BootFacts, KeyProvider, KeyProviderKind, read_boot_facts
from tests.attestation import invented

SEQUENCE = boot_sequence(invented.FACTS)
GUARDED = [name for name, _ in SEQUENCE]


def log(events: list[tuple[str, bytes]], *, form: EventForm = EventForm.CONCATENATED) -> ReplayedLog:
    """The log as if it had matched a quote."""
    made = [
        Event(RUNTIME_REGISTER, RUNTIME_KIND, name, payload, runtime_digest(name, payload, form=form), form)
        for name, payload in events
    ]
    return ReplayedLog(tuple(made), frozenset({RUNTIME_REGISTER}))


def with_payload(name: str, payload: bytes) -> list[tuple[str, bytes]]:
    return [(event, payload if event == name else told) for event, told in SEQUENCE]


@pytest.mark.parametrize("form", EventForm)
def test_a_start_tells_who_the_machine_is(form: EventForm) -> None:
    text, _ = mint_event_log(invented.FACTS, form=form)
    assert read_boot_facts(ReplayedLog(parse_event_log(text), frozenset({3}))) == invented.FACTS


def test_what_a_machine_does_not_say_stays_open() -> None:
    quiet = dataclasses.replace(invented.FACTS, instance_id=None, os_image_hash=None, key_provider=None)
    assert read_boot_facts(log(boot_sequence(quiet))) == quiet


def test_other_programs_may_add_events_of_their_own() -> None:
    more = [*SEQUENCE, ("app", b"x"), ("app", b"x"), ("other:name", b""), ("", b"")]
    assert read_boot_facts(log(more)) == invented.FACTS


@pytest.mark.parametrize("name", GUARDED)
def test_a_fact_stated_twice_or_late_is_refused(name: str) -> None:
    payload = dict(SEQUENCE)[name]
    for events in ([(name, payload), *SEQUENCE], [*SEQUENCE, (name, payload)], [*SEQUENCE, (name, b"\x01")]):
        with pytest.raises(EventLogAmbiguous):
            read_boot_facts(log(events))


@pytest.mark.parametrize("name", ["os-image-hash", "key-provider", "instance-id"])
def test_a_fact_stated_only_after_the_start_is_refused(name: str) -> None:
    late = [event for event in SEQUENCE if event[0] != name] + [(name, dict(SEQUENCE)[name])]
    with pytest.raises(EventLogAmbiguous):
        read_boot_facts(log(late))


@pytest.mark.parametrize("name", GUARDED)
def test_a_fact_cannot_hide_behind_a_longer_name(name: str) -> None:
    """`compose-hash` with the payload `a:b` has the same bytes as `compose-hash:a` with the payload `b`."""
    hidden = (f"{name}:rest", b"payload")
    assert runtime_digest(*hidden) == runtime_digest(name, b"rest:payload")
    with pytest.raises(EventLogAmbiguous):
        read_boot_facts(log([*SEQUENCE, hidden]))
    as_json = log([*SEQUENCE, hidden], form=EventForm.JSON)
    assert read_boot_facts(as_json) == invented.FACTS


@pytest.mark.parametrize("name", ["app-id", "compose-hash", "system-ready"])
def test_a_start_that_is_not_told_to_its_end_is_no_verdict(name: str) -> None:
    with pytest.raises(EventLogSilent) as refused:
        read_boot_facts(log([event for event in SEQUENCE if event[0] != name]))
    assert isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("app-id", b""),
        ("app-id", bytes(32)),
        ("compose-hash", bytes(31)),
        ("compose-hash", b"c0" * 32),
        ("instance-id", bytes(19)),
        ("os-image-hash", b""),
        ("key-provider", b""),
        ("key-provider", b"{}"),
        ("key-provider", b"[]"),
        ("key-provider", b'{"name":"kms"}'),
        ("key-provider", b'{"name":"kms","id":"zz"}'),
        ("key-provider", b'{"name":"friend","id":""}'),
        ("key-provider", b'{"name":"kms","name":"none","id":""}'),
        ("key-provider", b"\xff"),
    ],
)
def test_a_fact_of_another_form_is_refused(name: str, payload: bytes) -> None:
    with pytest.raises(EventLogMalformed):
        read_boot_facts(log(with_payload(name, payload)))


@given(st.sampled_from(KeyProviderKind), st.binary(max_size=40))
def test_every_key_provider_is_read_as_it_was_told(kind: KeyProviderKind, identity: bytes) -> None:
    told = dataclasses.replace(invented.FACTS, key_provider=KeyProvider(kind, identity))
    assert read_boot_facts(log(boot_sequence(told))) == told


@given(st.lists(st.tuples(st.sampled_from([*GUARDED, "app", "app-id:"]), st.binary(max_size=40)), max_size=9))
def test_no_events_make_the_reader_fail_otherwise(events: list[tuple[str, bytes]]) -> None:
    try:
        facts = read_boot_facts(log(events))
    except (EventLogAmbiguous, EventLogMalformed, EventLogSilent):
        return
    assert isinstance(facts, BootFacts)


def test_the_golden_log_is_read() -> None:
    facts = read_boot_facts(
        ReplayedLog(parse_event_log(json.dumps(invented.MOCK["event_log"])), frozenset({RUNTIME_REGISTER}))
    )
    assert (facts.app_id, facts.compose_hash) == (invented.MOCK["app_id"], invented.MOCK["compose_hash"])
