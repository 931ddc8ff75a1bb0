"""Agents that try to get more from the gateway than their stage has, or to take it from other stages."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from aiohttp import web

from runner.bridge.dialects import streams
from tests.runner.llm.fake_upstream import STREAMED

ASK = {"messages": [{"role": "user", "content": "Tell me."}], "model": "m", "max_tokens": 50}
PATHS = ["/llm/chat", "/v1/chat/completions", "/v1/messages"]
BIG = "z" * 500_000


def openai(**fields: object) -> tuple[str, dict]:
    return "/v1/chat/completions", {**ASK, **fields}


def said_with(**more: object) -> list[dict]:
    return [{"role": "assistant", "content": "x", **more}, {"role": "user", "content": "y"}]


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SMUGGLED = {
    "the id of a tool call": openai(messages=said_with(tool_calls=[{**CALL, "id": BIG}])),
    "the name in a tool call": openai(
        messages=said_with(tool_calls=[{**CALL, "function": {"name": BIG, "arguments": ""}}])
    ),
    "the name of a message": openai(messages=[{"role": "user", "content": "x", "name": BIG}]),
    "the id of a result": openai(messages=[{"role": "tool", "content": "x", "tool_call_id": BIG}]),
    "reasoning": openai(messages=said_with(reasoning=BIG)),
    "a schema for the answer": openai(
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {"description": BIG}}}
    ),
    "words to stop at": openai(stop=["x", BIG]),
    "a description of a tool": openai(tools=[{"type": "function", "function": {"name": "f", "description": BIG}}]),
    "the name of the tool to take": openai(tool_choice={"type": "function", "function": {"name": BIG}}),
    "a great many messages": openai(messages=[{"role": "user", "content": ""}] * 60_000),
    "a great many parts": openai(messages=[{"role": "user", "content": [{"type": "text", "text": ""}] * 60_000}]),
    "an id in the other dialect": (
        "/v1/messages",
        {
            **ASK,
            "messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": BIG, "name": "f", "input": {}}]}],
        },
    ),
    "an input in the other dialect": (
        "/v1/messages",
        {
            **ASK,
            "messages": [
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": BIG}}]}
            ],
        },
    ),
}


@pytest.mark.parametrize("place", SMUGGLED)
def test_whatever_a_prompt_is_hidden_in_counts(open_room, upstream, place: str) -> None:
    path, body = SMUGGLED[place]
    answer = open_room(upstream=upstream, tokens=10_000).client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (429, "budget_exhausted")
    assert upstream.seen == []


@pytest.mark.parametrize("path", PATHS[1:])
def test_a_long_name_of_a_model_is_not_said_again_with_every_word(open_room, upstream, path: str) -> None:
    upstream.stream(*[{"content": "w"}] * 50)
    body = {**ASK, "stream": True, "model": "n" * 1_000_000}
    answer = open_room(upstream=upstream).client.post(path, json=body)
    assert answer.status_code == 200
    assert len(answer.content) < 100_000
    assert upstream.seen[0].body["model"] == "room/model"


@pytest.mark.parametrize("path", [*PATHS, "/v1/messages/count_tokens"])
def test_nesting_is_answered_at_every_depth(open_room, upstream, path: str) -> None:
    room = open_room(upstream=upstream, calls=10_000, tokens=100_000_000)
    statuses = {}
    for depth in (*range(880, 1_000), 5_000, 100_000):
        nested = '{"a":' * depth + "1" + "}" * depth
        function = f'{{"name": "f", "parameters": {nested}}}'
        tool = f'{{"type": "function", "function": {function}, "name": "f", "input_schema": {nested}}}'
        body = json.dumps(ASK)[:-1] + f', "tools": [{tool}]}}'
        statuses[depth] = room.client.post(path, content=body).status_code
    assert set(statuses.values()) <= {200, 422}, {d: s for d, s in statuses.items() if s not in (200, 422)}
    assert statuses[100_000] == 422


@pytest.mark.parametrize("cap", [0, -1, "0", 1.5, "many", True, [], 10**400, "9" * 400, None, 10**30, "64", 64.0])
@pytest.mark.parametrize("path", PATHS)
def test_any_cap_is_one_or_a_refusal(open_room, upstream, path: str, cap: object) -> None:
    room = open_room(upstream=upstream, tokens=1_000)
    answer = room.client.post(path, json={**ASK, "max_tokens": cap})
    assert answer.status_code in (200, 422)
    assert all(0 < seen.body["max_tokens"] <= 1_000 for seen in upstream.seen)
    assert len(upstream.seen) == (answer.status_code == 200)


def test_what_would_multiply_the_answer_or_lead_elsewhere_stays_behind(open_room, upstream) -> None:
    hostile = {
        "n": 8,
        "best_of": 8,
        "logprobs": True,
        "top_logprobs": 20,
        "model": "other/model",
        "models": ["a", "b"],
        "provider": {"order": ["x"]},
        "route": "fallback",
        "plugins": [{"id": "web"}],
        "transforms": ["middle-out"],
        "user": "alice",
        "store": True,
        "metadata": {"row": "secret"},
        "service_tier": "priority",
        "web_search_options": {},
        "prediction": {"type": "content", "content": BIG},
        "modalities": ["audio"],
        "audio": {"voice": "x"},
        "functions": [{"name": "f"}],
        "function_call": "auto",
        "stream_options": {"include_usage": False},
        "prompt_cache_key": "secret",
        "cache_control": {"type": "ephemeral"},
        "usage": {"include": False},
        "max_tokens": 10,
        "max_completion_tokens": 10**9,
    }
    room = open_room(upstream=upstream)
    for extra in ({}, {"extra_body": {**hostile, "extra_body": hostile, "max_tokens": 10**9}}):
        assert room.client.post("/v1/chat/completions", json={**ASK, **hostile, **extra}).status_code == 200
    for seen in upstream.seen:
        assert seen.body == {"model": "room/model", "messages": ASK["messages"], "max_tokens": 10, **STREAMED}


def test_who_stops_reading_gives_the_call_up(open_room, upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "UNREAD_SECONDS", 0.5)
    upstream.stream(*[{"content": "w" * 60_000}] * 2_000, pause=0.001)
    room = open_room(upstream=upstream, timeout=60.0)
    with room.client.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert upstream.cancelled.wait(20)
        with pytest.raises(httpx.TransportError):
            list(lines)
    usage = room.stage.close().as_dict()
    assert usage["calls"] == 1
    assert usage["bridge"]["finish_reasons"] == {"interrupted": 1}


def test_stages_that_hold_every_place_of_theirs_leave_others_theirs(open_room, upstream) -> None:
    """Five stages with 64 calls each that never end: the sixth is answered all the same."""
    held = 0

    async def script(_request: web.Request, body: dict) -> web.StreamResponse:
        nonlocal held
        if body["messages"][0]["content"] == "quick":
            return web.json_response({"choices": [{"message": {"content": "here"}}]})
        held += 1
        await asyncio.sleep(60)
        return web.Response()

    upstream.default = script
    greedy = [open_room(upstream=upstream, calls=100, timeout=60.0, token=f"greedy-{n}-0123456789") for n in range(5)]
    with ThreadPoolExecutor(320) as pool:
        calls = [pool.submit(room.client.post, "/llm/chat", json=ASK) for room in greedy for _ in range(64)]
        until = time.monotonic() + 17
        while held < 320 and time.monotonic() < until:
            time.sleep(0.05)
        at_once = held
        quick = open_room(upstream=upstream, timeout=2.0)
        answer = quick.client.post("/llm/chat", json={"messages": [{"role": "user", "content": "quick"}]})
        for room in greedy:
            room.stage.close()
        assert sum(call.exception() is not None for call in calls) == 320
    assert answer.json()["content"] == "here"
    assert at_once == 320


def test_a_process_that_serves_stages_may_open_what_they_may() -> None:
    script = (
        "import resource; from runner.bridge.server import OPEN_FILES, Bridge\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))\n"
        "bridge = Bridge(); bridge.start(); bridge.stop()\n"
        "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(OPEN_FILES, hard), hard)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
