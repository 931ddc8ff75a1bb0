"""The budget as an agent meets it."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import web

ASK = {"messages": [{"role": "user", "content": "x" * 30}], "max_tokens": 50}


@pytest.mark.parametrize("path", ["/llm/chat", "/v1/chat/completions", "/v1/messages"])
def test_the_call_after_the_last_is_refused(open_room, upstream, path):
    room = open_room(upstream=upstream, calls=1)
    body = {**ASK, "model": "m"}
    assert room.client.post(path, json=body).status_code == 200
    answer = room.client.post(path, json=body)
    assert answer.status_code == 429
    assert answer.json()["detail"].startswith("Budget exhausted:")
    assert len(upstream.seen) == 1


def test_the_cap_sent_upstream_is_what_is_left(open_room, upstream):
    room = open_room(upstream=upstream, tokens=40)
    room.client.post("/v1/chat/completions", json={**ASK, "max_tokens": 32_000})
    assert upstream.seen[0].body["max_tokens"] == 30


def test_a_prompt_as_large_as_the_budget_is_refused_before_anything_is_sent(open_room, upstream):
    room = open_room(upstream=upstream, tokens=10)
    assert room.client.post("/llm/chat", json=ASK).status_code == 429
    assert upstream.seen == []


def test_a_flood_of_tool_definitions_counts_as_prompt(open_room, upstream):
    room = open_room(upstream=upstream, tokens=10_000)
    tools = [{"type": "function", "function": {"name": "f", "description": "d" * 500_000}}]
    assert room.client.post("/v1/chat/completions", json={**ASK, "tools": tools}).status_code == 429


@pytest.mark.parametrize("stream", [False, True])
def test_sixteen_calls_at_once_cannot_overspend(open_room, upstream, stream):
    most = 0

    async def script(_request, body):
        nonlocal most
        most += 1
        await asyncio.sleep(0.02)
        usage = {"prompt_tokens": 10, "completion_tokens": body["max_tokens"]}
        choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "length"}
        return web.json_response({"choices": [choice], "usage": usage})

    upstream.default = script
    room = open_room(upstream=upstream, calls=16, tokens=310)
    with ThreadPoolExecutor(16) as pool:
        body = {**ASK, "stream": stream}
        answers = list(pool.map(lambda _: room.client.post("/v1/chat/completions", json=body), range(16)))
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) == {200, 429}
    spent = room.session.budget.snapshot()
    assert spent["total_tokens"] <= 310
    assert spent["calls"] == most == statuses.count(200)


@pytest.mark.parametrize("stream", [False, True])
def test_fifty_calls_at_once_run_at_once_and_spend_exactly_the_budget(open_room, upstream, stream):
    running, crowd = 0, asyncio.Event()

    async def script(_request, body):
        nonlocal running
        running += 1
        if running == 40:
            crowd.set()
        # Nobody is answered before as many as the budget allows are asking at the same time.
        await asyncio.wait_for(crowd.wait(), 15)
        usage = {"prompt_tokens": 10, "completion_tokens": body["max_tokens"]}
        choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "length"}
        return web.json_response({"choices": [choice], "usage": usage})

    upstream.default = script
    # Forty whole calls of 110 tokens, one with the 60 that are left, and nothing for the others.
    room = open_room(upstream=upstream, calls=100, tokens=40 * 110 + 60)
    body = {"messages": [{"role": "user", "content": "y" * 30}], "max_tokens": 100, "stream": stream}
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: room.client.post("/v1/chat/completions", json=body), range(50)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (41, 9)
    assert all("Budget exhausted: " in answer.text for answer in answers if answer.status_code == 429)
    assert running == 41
    spent = room.session.budget.snapshot()
    assert (spent["total_tokens"], spent["calls"]) == (40 * 110 + 60, 41)


def test_what_rides_along_free_exceeds_the_budget_once_and_not_with_every_call_at_once(open_room, upstream):
    async def script(_request, body):
        await asyncio.sleep(0.05)
        usage = {"prompt_tokens": len(json.dumps(body["tools"])) // 3, "completion_tokens": 1}
        choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": usage})

    upstream.default = script
    room = open_room(upstream=upstream, calls=50, tokens=1000)
    tools = [{"type": "function", "function": {"name": "f", "description": "d" * 90_000}}]
    body = {**ASK, "max_tokens": 1, "tools": tools}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: room.client.post("/v1/chat/completions", json=body), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [429] * 19
    assert room.session.budget.snapshot()["total_tokens"] < 32_000


def test_parallel_calls_get_what_calls_in_a_row_would_get(open_room, upstream):
    room = open_room(upstream=upstream, calls=16, tokens=16 * 18 + 42)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: room.client.post("/llm/chat", json=ASK), range(16)))
    assert [answer.status_code for answer in answers] == [200] * 16
    assert room.client.post("/llm/chat", json=ASK).status_code == 429


def test_health_shows_what_was_spent(open_room, upstream):
    room = open_room(upstream=upstream)
    room.client.post("/llm/chat", json=ASK)
    budget = room.client.get("/health").json()["budget"]
    assert (budget["calls"], budget["prompt_tokens"], budget["completion_tokens"]) == (1, 11, 7)
    assert budget["total_tokens"] == 18


def test_an_answer_without_usage_is_charged_by_estimate(open_room, upstream, make_completion):
    for usage in (None, {}, {"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": "many"}):
        upstream.answer(make_completion("y" * 31, usage=usage))
        room = open_room(upstream=upstream)
        answer = room.client.post("/llm/chat", json=ASK).json()
        assert answer["usage"] == {"prompt_tokens": 10, "completion_tokens": 11}
        assert room.stage.close().budget["total_tokens"] == 21


def test_the_usage_record_has_the_promised_fields(open_room, upstream, make_completion):
    calls = [
        {"id": "a", "type": "function", "function": {"name": name, "arguments": "{}"}}
        for name in ("execute_sql", "mcp__hivemind__execute_sql", "alices-salary-is-9000")
    ]
    upstream.answer(make_completion(None, tool_calls=calls))
    upstream.answer(make_completion("x", finish_reason="alices-salary"))
    room = open_room(upstream=upstream, calls=9, tokens=900)
    for _ in range(3):
        room.client.post("/v1/chat/completions", json=ASK)
    room.client.post("/tools/echo", json={})
    assert room.stage.close().as_dict() == {
        "calls": 3,
        "max_calls": 9,
        "prompt_tokens": 33,
        "completion_tokens": 21,
        "total_tokens": 54,
        "max_tokens": 900,
        "provider": "openrouter",
        "model": "room/model",
        "bridge": {
            "llm_calls": 3,
            "llm_calls_with_tools": 1,
            "llm_tool_call_count": 3,
            "llm_tool_call_counts": {"execute_sql": 2, "other": 1},
            "tool_call_count": 1,
            "tool_call_counts": {"echo": 1},
            "finish_reasons": {"tool_calls": 1, "other": 1, "stop": 1},
        },
    }
