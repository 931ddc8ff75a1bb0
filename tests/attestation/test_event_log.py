import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.evidence.development.boot import mint_event_log
from attestation.evidence.errors import EventLogDiffers, EventLogMalformed
from attestation.evidence.event_log import (
    MAX_EVENTS,
    MAX_LOG_BYTES,
    RUNTIME_KIND,
    EventForm,
    check_event_log,
    parse_event_log,
    replay,
    runtime_digest,
)
from attestation.evidence.quote import read_quote
from tests.attestation import invented

ENTRIES: list[dict[str, Any]] = json.loads(invented.EVENT_LOG)
BODY = read_quote(invented.quote())
FIRMWARE = {"imr": 0, "event_type": 4, "digest": "ab" * 48, "event": "", "event_payload": "00"}


def parsed(entries: object) -> Any:
    return parse_event_log(json.dumps(entries))


def test_the_golden_log_leads_to_its_register() -> None:
    events = parsed(invented.MOCK["event_log"])
    assert replay(events, register=3).hex() == invented.MOCK["rtmr3_hex"]
    assert replay(events, register=0) == bytes(48)


def test_the_digest_of_an_event_is_over_kind_name_and_payload() -> None:
    by_hand = hashlib.sha384(b"\x01\x00\x00\x08:app-id:\xab").digest()
    assert runtime_digest("app-id", b"\xab") == by_hand
    as_json = hashlib.sha384(b'{"name":"app-id","payload":"ab","type":134217729}').digest()
    assert runtime_digest("app-id", b"\xab", form=EventForm.JSON) == as_json
    escaped = hashlib.sha384('{"name":"ä\\"\\n","payload":"","type":134217729}'.encode()).digest()
    assert runtime_digest('ä"\n', b"", form=EventForm.JSON) == escaped


@pytest.mark.parametrize("form", EventForm)
def test_digests_may_be_left_out_and_are_recomputed(form: EventForm) -> None:
    text, register = mint_event_log(invented.FACTS, form=form)
    short = [{name: value for name, value in entry.items() if name != "digest"} for entry in json.loads(text)]
    empty = [entry | {"digest": ""} for entry in json.loads(text)]
    assert parsed(short) == parsed(empty) == parse_event_log(text)
    assert replay(parsed(short), register=3) == register


def test_a_log_in_the_other_form_leads_elsewhere() -> None:
    text, _ = mint_event_log(invented.FACTS, form=EventForm.JSON)
    with pytest.raises(EventLogDiffers):
        check_event_log(parse_event_log(text), body=BODY)


def test_a_listed_digest_is_never_believed() -> None:
    for entry in (ENTRIES[1] | {"digest": "00" * 48}, ENTRIES[1] | {"event_payload": "00" * 20}):
        with pytest.raises(EventLogDiffers):
            parsed([entry])


def test_a_stated_preimage_must_be_the_hashed_bytes() -> None:
    name, payload = ENTRIES[1]["event"], ENTRIES[1]["event_payload"]
    preimage = b"\x01\x00\x00\x08:" + name.encode() + b":" + bytes.fromhex(payload)
    assert parsed([ENTRIES[1] | {"preimage": preimage.hex()}]) == parsed([ENTRIES[1]])
    with pytest.raises(EventLogDiffers):
        parsed([ENTRIES[1] | {"preimage": "00"}])


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_an_event_left_out_repeated_or_changed_is_noticed(index: int) -> None:
    other = {"event_payload": ENTRIES[index]["event_payload"] + "00", "digest": ""}
    twins = (
        ENTRIES[:index] + ENTRIES[index + 1 :],
        [*ENTRIES, ENTRIES[index]],
        [*ENTRIES[:index], ENTRIES[index] | other, *ENTRIES[index + 1 :]],
        ENTRIES[index:] + ENTRIES[:index] if index else [],
    )
    for twin in twins:
        with pytest.raises(EventLogDiffers):
            check_event_log(parsed(twin), body=BODY)


def test_the_firmwares_events_must_lead_to_their_registers_when_there_are_any() -> None:
    assert check_event_log(parsed(ENTRIES), body=BODY).registers == {3}
    with pytest.raises(EventLogDiffers):
        check_event_log(parsed([FIRMWARE, *ENTRIES]), body=BODY)


@pytest.mark.parametrize(
    "entry",
    [
        ENTRIES[0] | {"event_type": 4, "digest": "ab" * 48},
        ENTRIES[0] | {"imr": 2},
        FIRMWARE | {"imr": 3},
        FIRMWARE | {"event_type": RUNTIME_KIND},
        FIRMWARE | {"imr": 4},
        FIRMWARE | {"imr": -1},
        FIRMWARE | {"imr": True},
        FIRMWARE | {"digest": ""},
        FIRMWARE | {"digest": "ab" * 47},
        FIRMWARE | {"digest": "AB" * 48},
        ENTRIES[0] | {"version": 3},
        ENTRIES[0] | {"version": "2"},
        ENTRIES[0] | {"event_payload": None},
        ENTRIES[0] | {"event_payload": "0x00"},
        ENTRIES[0] | {"event": 5},
        {},
        [],
        "system-ready",
        None,
    ],
    ids=str,
)
def test_an_entry_of_another_form_is_refused(entry: object) -> None:
    with pytest.raises(EventLogMalformed):
        parsed([entry])


@pytest.mark.parametrize(
    "text",
    ["", "{}", "null", "[", "[1", '[{"imr": 3, "imr": 3}]', '["\\ud800"]', "\ud800", "[" * 50_000],
    ids=["empty", "object", "null", "cut", "cut later", "repeated", "half escaped", "half", "nested"],
)
def test_text_that_is_no_log_is_refused(text: str) -> None:
    with pytest.raises(EventLogMalformed):
        parse_event_log(text)


def test_more_than_any_machine_logs_is_refused() -> None:
    for text in ("[" + " " * MAX_LOG_BYTES + "]", json.dumps([ENTRIES[0]] * (MAX_EVENTS + 1))):
        with pytest.raises(EventLogMalformed):
            parse_event_log(text)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "imr": st.integers() | st.none(),
                "event_type": st.sampled_from([RUNTIME_KIND, 4, -1, "4"]),
                "digest": st.text(alphabet="0123456789abcdefX") | st.none(),
                "event": st.text() | st.integers(),
                "event_payload": st.text(alphabet="0123456789abcdefX"),
                "version": st.integers(),
            },
        )
        | st.none(),
        max_size=4,
    )
)
def test_no_entries_make_the_reader_fail_otherwise(entries: list[Any]) -> None:
    try:
        check_event_log(parsed(entries), body=BODY)
    except (EventLogMalformed, EventLogDiffers):
        return
    raise AssertionError("nothing else leads to the register")
