"""Tapes: a simulated query's model calls are replayed in order, free of charge, until the first that differs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from runner.bridge import tape as tapes
from runner.bridge.tape import Tape, parse_tape
from runner.llm.completions import Completion
from runner.llm.problems import RequestInvalid
from runner.llm.requests import parse_openai_request


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **more}


def asked(text: str, **more: Any) -> tapes.Asked:
    return tapes.asked(parse_openai_request(asking(text, **more)))


def recorded(*texts: str) -> list[dict[str, Any]]:
    tape = Tape()
    for text in texts:
        tape.record(asked(text), Completion(f"to {text}", "stop", prompt_tokens=5, completion_tokens=3))
    return json.loads(json.dumps(tape.recorded()))


def replaying(entries: list[dict[str, Any]]) -> Tape:
    return Tape(parse_tape(entries, loc=("body", "replay_tape")))


def test_the_hash_is_that_of_the_canonical_request_before_the_budget_lowers_it():
    sent = asking("hé", max_tokens=50, temperature=0.5, seed=7, tool_choice="auto", model="ignored", stream=True)
    canonical = {
        "messages": [{"role": "user", "content": "hé"}],
        "max_tokens": 50,
        "temperature": 0.5,
        "tool_choice": "auto",
        "extra_body": {"seed": 7},
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":")).encode("ascii")
    assert tapes.asked(parse_openai_request(sent)).hash == hashlib.sha256(text).hexdigest()


def test_a_tape_is_replayed_in_order_and_recorded_anew():
    tape = replaying(recorded("a", "b"))
    assert [tape.replay(asked(text)).content for text in ("a", "b")] == ["to a", "to b"]
    assert tape.replay(asked("a")) is None
    assert tape.hits == 2


def test_the_first_request_that_differs_ends_the_replay_for_good():
    tape = replaying(recorded("a", "b"))
    assert tape.replay(asked("b")) is None
    assert tape.replay(asked("a")) is None
    changed = replaying(recorded("a", "b"))
    assert changed.replay(asked("a", temperature=0.1)) is None
    assert changed.hits == 0


def test_an_entry_without_the_request_itself_is_replayed_too():
    entries = [{k: v for k, v in entry.items() if k != "request_kwargs"} for entry in recorded("a")]
    assert replaying(entries).replay(asked("a")).prompt_tokens == 5


def test_an_entry_that_grows_too_large_loses_its_request_and_then_ends_the_tape():
    tape = Tape()
    tape.record(asked("x" * 300_000), Completion("short", "stop"))
    assert [sorted(entry) for entry in tape.recorded()] == [["request_hash", "response"]]
    tape.record(asked("a"), Completion("y" * 300_000, "stop"))
    tape.record(asked("b"), Completion("b", "stop"))
    assert len(tape.recorded()) == 1


def test_a_tape_stops_at_its_bounds_and_can_be_posted_back(monkeypatch):
    monkeypatch.setattr(tapes, "MAX_ENTRIES", 3)
    assert len(recorded("a", "b", "c", "d")) == 3
    monkeypatch.setattr(tapes, "MAX_TAPE_BYTES", 500)
    entries = recorded("a", "b", "c")
    assert 0 < len(entries) < 3
    assert replaying(entries).replay(asked("a")) is not None


@pytest.mark.parametrize(
    "entry",
    [
        {"request_hash": "0" * 63, "response": {}},
        {"request_hash": 5, "response": {}},
        {"request_hash": "0" * 64, "response": "text"},
        {"request_hash": "0" * 64, "response": {"content": 5}},
        {"request_hash": "0" * 64, "response": {"tool_calls": [{"id": "a", "name": "b"}]}},
        {"request_hash": "0" * 64, "response": {"tool_calls": ["a"]}},
        {"request_hash": "0" * 64, "response": {"usage": {"prompt_tokens": -1}}},
        {"request_hash": "0" * 64, "response": {"usage": {"prompt_tokens": 10**18}}},
        {"request_hash": "0" * 64, "response": {"content": "x" * 262_144}},
    ],
)
def test_a_tape_that_nobody_recorded_is_refused(entry):
    with pytest.raises(RequestInvalid):
        parse_tape([entry], loc=("body", "replay_tape"))


def test_tapes_are_bounded_in_all():
    entry = {"request_hash": "0" * 64, "response": {"content": "x" * 250_000}}
    with pytest.raises(RequestInvalid):
        parse_tape([entry] * 30, loc=("body", "replay_tape"))


@pytest.mark.parametrize("stream", [False, True])
def test_a_hit_is_free_and_a_mismatch_is_asked_and_paid(open_room, upstream, make_completion, stream):
    tape = replaying(recorded("a", "b"))
    room = open_room(upstream=upstream, tape=tape)
    hit = room.client.post("/v1/chat/completions", json=asking("a", stream=stream))
    assert hit.status_code == 200
    assert "to a" in hit.text
    assert (room.session.budget.snapshot()["calls"], upstream.seen) == (0, [])
    upstream.answer(make_completion("fresh"))
    assert room.client.post("/llm/chat", json=asking("other")).json()["content"] == "fresh"
    assert room.client.post("/llm/chat", json=asking("b")).json()["content"] == "hello"
    assert (room.session.budget.snapshot()["calls"], len(upstream.seen)) == (2, 2)
    assert [entry["response"]["content"] for entry in tape.recorded()] == ["to a", "fresh", "hello"]


def test_a_hit_needs_no_budget_but_a_room_with_models(open_room, upstream):
    room = open_room(upstream=upstream, tape=replaying(recorded("a")), calls=0)
    assert room.client.post("/llm/chat", json=asking("a")).json()["content"] == "to a"
    assert open_room(tape=replaying(recorded("a"))).client.post("/llm/chat", json=asking("a")).status_code == 403


def test_a_call_that_fails_is_not_on_the_tape(open_room, upstream):
    tape = Tape()
    upstream.answer({"error": {"code": 400}}, status=400)
    room = open_room(upstream=upstream, tape=tape)
    assert room.client.post("/llm/chat", json=asking("a")).status_code == 500
    assert tape.recorded() == []


def test_tool_calls_come_back_from_the_tape(open_room, upstream, make_completion):
    call = {"id": "call_1", "type": "function", "function": {"name": "execute_sql", "arguments": '{"sql": "S"}'}}
    upstream.answer(make_completion(None, tool_calls=[call]))
    first = Tape()
    answer = open_room(upstream=upstream, tape=first).client.post("/v1/chat/completions", json=asking("a")).json()
    again = open_room(upstream=upstream, tape=replaying(first.recorded())).client
    assert again.post("/v1/chat/completions", json=asking("a")).json()["choices"] == answer["choices"]
    assert len(upstream.seen) == 1
