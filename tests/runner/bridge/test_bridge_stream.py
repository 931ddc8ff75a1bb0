"""Streams: their order, that they are real, and what happens when they break."""

from __future__ import annotations

import json
import time

import httpx
import pytest

ASK = {"messages": [{"role": "user", "content": "Tell me."}], "stream": True, "model": "m"}


def _chunks(answer: httpx.Response) -> list[dict]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    return [json.loads(line) if line != "[DONE]" else {"done": True} for line in lines]


def _call(index: int, name: str, arguments: str, **more) -> dict:
    return {"index": index, "function": {"name": name, "arguments": arguments}, **more}


def test_the_chunks_come_in_the_promised_order(open_room, upstream):
    upstream.stream(
        {"role": "assistant", "content": ""},
        {"reasoning": "let me "},
        {"reasoning": "see", "reasoning_details": [{"type": "reasoning.text", "text": "let me see"}]},
        {"content": "It is "},
        {"content": "four."},
        {"tool_calls": [_call(0, "execute_sql", '{"sql":', id="call_a", type="function")]},
        {"tool_calls": [_call(0, "", ' "SELECT 1"}')]},
        {"tool_calls": [_call(1, "get_schema", "{}", id="call_b")]},
        finish="tool_calls",
    )
    chunks = _chunks(open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK))
    assert chunks.pop() == {"done": True}
    usage = chunks.pop()
    assert usage["choices"] == []
    assert usage["usage"] == {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
    heads = {(c["id"], c["object"], c["created"], c["model"]) for c in [*chunks, usage]}
    assert len(heads) == 1
    assert next(iter(heads))[1::2] == ("chat.completion.chunk", "m")
    assert [c["choices"][0]["finish_reason"] for c in chunks] == [None] * (len(chunks) - 1) + ["tool_calls"]
    calls = [
        {"id": "call_a", "name": "execute_sql", "arguments": '{"sql": "SELECT 1"}'},
        {"id": "call_b", "name": "get_schema", "arguments": "{}"},
    ]
    assert [c["choices"][0]["delta"] for c in chunks] == [
        {"role": "assistant"},
        {"reasoning_content": "let me "},
        {"reasoning_content": "see"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "let me see"}]},
        {"content": "It is "},
        {"content": "four."},
        *(
            {"tool_calls": [{"index": i, "id": c.pop("id"), "type": "function", "function": c}]}
            for i, c in enumerate(calls)
        ),
        {},
    ]


def test_text_arrives_while_the_model_is_still_speaking(open_room, upstream):
    upstream.stream({"content": "first"}, {"content": "second"}, pause=0.6)
    started = time.monotonic()
    with open_room(upstream=upstream).client.stream("POST", "/v1/chat/completions", json=ASK) as answer:
        lines = answer.iter_lines()
        next(line for line in lines if "first" in line)
        assert time.monotonic() - started < 0.5
        rest = "".join(lines)
    assert "second" in rest
    assert rest.endswith("data: [DONE]")


def test_a_service_that_does_not_stream_still_gives_a_stream(open_room, upstream, make_completion):
    upstream.answer(make_completion("whole", reasoning="because"))
    chunks = _chunks(open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK))
    deltas = [c["choices"][0]["delta"] for c in chunks if c.get("choices")]
    assert deltas == [{"role": "assistant"}, {"reasoning_content": "because"}, {"content": "whole"}, {}]
    assert upstream.seen[0].body["stream"] is True


def test_reasoning_alone_is_given_as_text_at_the_end(open_room, upstream):
    upstream.stream({"reasoning": "only "}, {"reasoning": "thought"})
    chunks = _chunks(open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK))
    deltas = [c["choices"][0]["delta"] for c in chunks if c.get("choices")]
    assert deltas[-2:] == [{"content": "only thought"}, {}]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_an_error_before_the_first_chunk_keeps_its_status(open_room, upstream, path):
    upstream.answer({"error": {"message": "no"}}, status=400)
    room = open_room(upstream=upstream, calls=1)
    body = {**ASK, "max_tokens": 10}
    answer = room.client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (500, "upstream_rejected")
    assert room.client.post(path, json=body).status_code == 200
    assert room.client.post(path, json=body).status_code == 429


def test_a_stream_that_breaks_off_ends_without_done_and_is_charged(open_room, upstream):
    upstream.stream({"content": "x" * 300}, finish=None)
    room = open_room(upstream=upstream)
    chunks = _chunks(room.client.post("/v1/chat/completions", json=ASK))
    assert chunks[-1]["error"]["code"] == "upstream_broken"
    assert {"done": True} not in chunks
    usage = room.stage.close().as_dict()
    assert (usage["calls"], usage["completion_tokens"]) == (1, 100)
    assert usage["prompt_tokens"] == len("Tell me.") // 3
    assert usage["bridge"]["finish_reasons"] == {"interrupted": 1}


def test_an_error_within_the_stream_breaks_it_off(open_room, upstream):
    async def script(request, _body):
        from aiohttp import web

        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'data: {"choices": [{"delta": {"content": "so far"}}]}\n\n')
        await response.write(b'data: {"error": {"code": 502, "message": "secret upstream text"}}\n\n')
        return response

    upstream.scripts.append(script)
    answer = open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK)
    assert "so far" in answer.text
    assert "secret upstream text" not in answer.text
    assert _chunks(answer)[-1]["error"]["code"] == "upstream_failed"
    assert len(upstream.seen) == 1


def test_a_client_that_leaves_ends_the_call_upstream_and_pays_for_what_was_said(open_room, upstream):
    upstream.stream(*[{"content": "word " * 60}] * 100, pause=0.05)
    room = open_room(upstream=upstream)
    with room.client.stream("POST", "/v1/chat/completions", json=ASK) as answer:
        next(line for line in answer.iter_lines() if "word" in line)
    assert upstream.cancelled.wait(5)
    deadline = time.monotonic() + 5
    while room.session.budget.snapshot()["calls"] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    spent = room.session.budget.snapshot()
    assert spent["calls"] == 1
    assert 100 <= spent["completion_tokens"] < 5000


def _events(answer: httpx.Response) -> list[dict]:
    found = []
    for block in (b for b in answer.text.split("\n\n") if b):
        name, data = block.split("\n")
        payload = json.loads(data.removeprefix("data: "))
        assert name == f"event: {payload['type']}"
        found.append(payload)
    return found


def test_the_anthropic_events_come_in_the_promised_order(open_room, upstream):
    upstream.stream(
        {"reasoning": "hm"},
        {"content": "It is "},
        {"content": "four."},
        {"tool_calls": [_call(0, "get_schema", '{"a": 1}', id="call_a")]},
        finish="tool_calls",
    )
    body = {**ASK, "max_tokens": 100}
    events = _events(open_room(upstream=upstream).client.post("/v1/messages?beta=true", json=body))
    assert [e["type"] for e in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert events[0]["message"]["model"] == "m"
    assert events[2]["delta"] == {"type": "text_delta", "text": "It is "}
    assert events[5]["content_block"] == {"type": "tool_use", "id": "call_a", "name": "get_schema", "input": {}}
    assert events[6] == {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '{"a": 1}'},
    }
    assert events[8]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert events[8]["usage"] == {"input_tokens": 20, "output_tokens": 5}
