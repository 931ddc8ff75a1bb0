"""Answers that are wanted whole come as streams from the service: long ones arrive, broken ones cost what was said."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

ASK = {"messages": [{"role": "user", "content": "x" * 30}], "model": "m", "max_tokens": 5_000}
PATHS = ["/llm/chat", "/v1/chat/completions", "/v1/messages"]
WORDS = [{"content": "word " * 60}] * 20


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_may_take_longer_than_a_service_may_be_silent(open_room, upstream, path: str) -> None:
    upstream.stream(*WORDS, pause=0.15)
    answer = open_room(upstream=upstream, timeout=1.5).client.post(path, json=ASK)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.text.count("word ") == 1_200
    assert upstream.seen[0].body["stream"] is True


def test_tool_calls_and_reasoning_are_whole(open_room, upstream) -> None:
    upstream.stream(
        {"reasoning": "let me "},
        {"reasoning": "see", "reasoning_details": [{"type": "reasoning.text", "text": "let me see"}]},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "get_schema", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]},
        finish="tool_calls",
    )
    (choice,) = open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK).json()["choices"]
    function = {"name": "get_schema", "arguments": "{}"}
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "reasoning": "let me see",
        "reasoning_content": "let me see",
        "reasoning_details": [{"type": "reasoning.text", "text": "let me see"}],
        "tool_calls": [{"id": "a", "type": "function", "function": function}],
    }


def test_who_leaves_before_the_end_ends_the_call_and_pays_for_what_was_said(open_room, upstream) -> None:
    upstream.stream(*WORDS * 20, pause=0.05)
    room = open_room(upstream=upstream)
    with pytest.raises(httpx.ReadTimeout):
        room.client.post("/llm/chat", json=ASK, timeout=2.0)
    assert upstream.cancelled.wait(5)
    until = time.monotonic() + 5
    while room.session.budget.snapshot()["calls"] == 0 and time.monotonic() < until:
        time.sleep(0.02)
    spent = room.session.budget.snapshot()
    assert (spent["calls"], spent["prompt_tokens"]) == (1, 10)
    assert 100 <= spent["completion_tokens"] <= 5_000


def test_the_end_of_a_stage_charges_what_was_said_to_who_waits_for_the_whole(open_room, upstream) -> None:
    upstream.stream(*WORDS * 20, pause=0.05)
    room = open_room(upstream=upstream, timeout=60.0)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(room.client.post, "/llm/chat", json=ASK)
        time.sleep(2.0)
        usage = room.stage.close()
        assert isinstance(call.exception(10), httpx.TransportError)
    assert usage.budget["calls"] == 1
    assert usage.budget["completion_tokens"] >= 100


def test_an_answer_that_breaks_off_before_anybody_saw_it_is_asked_for_again(open_room, upstream) -> None:
    upstream.stream({"content": "half of"}, finish=None)
    upstream.stream({"content": "all of it"})
    room = open_room(upstream=upstream)
    assert room.client.post("/llm/chat", json=ASK).json()["content"] == "all of it"
    assert len(upstream.seen) == 2
    assert room.session.budget.snapshot()["calls"] == 1


def test_an_answer_that_keeps_breaking_off_is_charged_once_for_all_that_was_said(open_room, upstream) -> None:
    for _ in range(3):
        upstream.stream({"content": "x" * 300}, finish=None)
    room = open_room(upstream=upstream)
    answer = room.client.post("/llm/chat", json=ASK)
    assert (answer.status_code, answer.json()["code"]) == (500, "upstream_broken")
    spent = room.session.budget.snapshot()
    assert (spent["calls"], spent["completion_tokens"]) == (1, 300)
