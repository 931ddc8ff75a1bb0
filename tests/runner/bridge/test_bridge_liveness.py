"""A stream says something now and then, also while the model works on what is shown only when it is whole."""

from __future__ import annotations

import json

import pytest

from runner.bridge.dialects import streams

ASK = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}], "stream": True}


def _call(text: str, **more):
    return {"tool_calls": [{"index": 0, "function": {"arguments": text, **more}}]}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(streams, "SILENCE_SECONDS", 0.05)


def _slow_tool_call(upstream):
    upstream.stream(_call('{"a"', name="f"), _call(":"), _call("1}"), finish="tool_calls", pause=0.1)


def test_an_openai_stream_has_comments_while_a_tool_call_is_written(open_room, upstream, impatient):
    _slow_tool_call(upstream)
    text = open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK).text
    assert text.count(": the model is at work\n\n") >= 2
    chunks = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    calls = [call for c in chunks for choice in c["choices"] for call in choice["delta"].get("tool_calls", [])]
    assert [call["function"]["arguments"] for call in calls] == ['{"a":1}']


@pytest.mark.parametrize("thought", [False, True])
def test_an_anthropic_stream_begins_at_once_and_has_pings(open_room, upstream, impatient, thought):
    if thought:
        upstream.stream({"reasoning": "h"}, {"reasoning": "m"}, {"content": "4"}, pause=0.1)
    else:
        _slow_tool_call(upstream)
    with open_room(upstream=upstream).client.stream("POST", "/v1/messages", json=ASK) as answer:
        kinds = [line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event: ")]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds[-1] == "message_stop"


def test_a_stream_that_flows_has_nothing_beside_its_events(open_room, upstream):
    client = open_room(upstream=upstream).client
    for path in ("/v1/chat/completions", "/v1/messages"):
        upstream.stream({"reasoning": "hm"}, _call("{}", name="f"), finish="tool_calls")
        text = client.post(path, json=ASK).text
        assert "ping" not in text
        assert not any(line.startswith(":") for line in text.splitlines())
