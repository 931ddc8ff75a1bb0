"""The Anthropic shape, answered whole."""

from __future__ import annotations

import re

import pytest

from tests.runner.llm.fake_upstream import STREAMED

ASK = {"model": "claude-x", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}


def test_an_answer_has_the_whole_shape(open_room, upstream, make_completion):
    call = {"id": "call_1", "type": "function", "function": {"name": "get_schema", "arguments": '{"a": 1}'}}
    broken = {"id": "call_2", "type": "function", "function": {"name": "get_schema", "arguments": "{not json"}}
    upstream.answer(make_completion("Let me look.", tool_calls=[call, broken]))
    answer = open_room(upstream=upstream).client.post("/v1/messages?beta=true", json=ASK).json()
    assert re.fullmatch(r"msg_[0-9a-f]{12}", answer.pop("id"))
    assert answer == {
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "call_1", "name": "get_schema", "input": {"a": 1}},
            {"type": "tool_use", "id": "call_2", "name": "get_schema", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }


@pytest.mark.parametrize(
    ("reason", "stop"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("tool_calls", "tool_use"), ("content_filter", "end_turn")],
)
def test_stop_reasons_are_translated(open_room, upstream, make_completion, reason, stop):
    upstream.answer(make_completion("x", finish_reason=reason))
    assert open_room(upstream=upstream).client.post("/v1/messages", json=ASK).json()["stop_reason"] == stop


CONVERSATION = {
    **ASK,
    "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "looking"},
                {"type": "tool_use", "id": "t1", "name": "get_schema", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "rows"}]},
                {"type": "tool_result", "tool_use_id": "t2", "content": "plain", "is_error": True},
                {"type": "text", "text": "beside results"},
            ],
        },
    ],
    "tools": [
        {"name": "get_schema", "description": "d", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search"},
    ],
    "tool_choice": {"type": "any"},
    "temperature": 0.5,
    "stop_sequences": ["x"],
    "thinking": {"type": "enabled", "budget_tokens": 1000},
    "metadata": {"user_id": "u"},
}


def test_a_conversation_is_translated(open_room, upstream):
    assert open_room(upstream=upstream).client.post("/v1/messages", json=CONVERSATION).status_code == 200
    call = {"id": "t1", "type": "function", "function": {"name": "get_schema", "arguments": '{"a": 1}'}}
    function = {"name": "get_schema", "description": "d", "parameters": {"type": "object"}}
    assert upstream.seen[0].body == {
        "temperature": 0.5,
        "model": "room/model",
        "messages": [
            {"role": "system", "content": "Be brief.\n\nBe kind."},
            {"role": "user", "content": "one\ntwo"},
            {"role": "assistant", "content": "looking", "tool_calls": [call]},
            {"role": "tool", "content": "rows", "tool_call_id": "t1"},
            {"role": "tool", "content": "plain", "tool_call_id": "t2"},
        ],
        "max_tokens": 64,
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "required",
        **STREAMED,
    }


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "tool", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
        ({"type": "none"}, "none"),
        ({"type": "mystery"}, None),
        ({"type": "tool"}, None),
    ],
)
def test_tool_choices_are_translated(open_room, upstream, choice, sent):
    open_room(upstream=upstream).client.post("/v1/messages", json={**ASK, "tool_choice": choice})
    assert upstream.seen[0].body.get("tool_choice") == sent


def test_one_tool_at_a_time_is_asked_for_where_the_agent_wants_it(open_room, upstream):
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    open_room(upstream=upstream).client.post("/v1/messages", json={**ASK, "tool_choice": choice})
    assert (upstream.seen[0].body["tool_choice"], upstream.seen[0].body["parallel_tool_calls"]) == ("auto", False)


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/v1/messages", "model"),
        ("/v1/messages", "max_tokens"),
        ("/v1/messages", "messages"),
        ("/v1/messages/count_tokens", "model"),
        ("/v1/messages/count_tokens", "messages"),
    ],
)
def test_a_missing_field_is_named(open_room, upstream, missing, path):
    body = {name: value for name, value in ASK.items() if name != missing}
    answer = open_room(upstream=upstream).client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0] == {"type": "missing", "loc": ["body", missing], "msg": "Field required"}
    assert answer.json()["error"]["message"] == f"body.{missing}: Field required"
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_counting_tokens_is_free_and_needs_no_egress(open_room):
    room = open_room(calls=1)
    body = {**ASK, "system": "x" * 60, "messages": [{"role": "user", "content": "y" * 30}]}
    for cap in (64, None, 64):
        body["max_tokens"] = cap
        answer = room.client.post("/v1/messages/count_tokens?beta=true", json=body)
        assert (answer.status_code, answer.json()) == (200, {"input_tokens": 30})
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    counted = room.client.post("/v1/messages/count_tokens", json={**body, "tools": tools}).json()
    assert counted["input_tokens"] > 30
    assert room.session.budget.snapshot()["calls"] == 0
