"""The simple and the OpenAI shape, answered whole."""

from __future__ import annotations

import logging
import re

import pytest

from tests.runner.llm.fake_upstream import STREAMED

ASK = {"messages": [{"role": "user", "content": "How many rows?"}]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "execute_sql", "arguments": '{"sql": "SELECT 1"}'}}


def test_simple_chat_gives_text_and_tokens(open_room, upstream):
    room = open_room(upstream=upstream)
    answer = room.client.post("/llm/chat", json={**ASK, "model": "agent/choice"})
    assert answer.json() == {"content": "hello", "usage": {"prompt_tokens": 11, "completion_tokens": 7}}
    assert upstream.seen[0].body["model"] == "room/model"
    assert upstream.seen[0].body["max_tokens"] == 4096
    assert upstream.seen[0].headers["Authorization"] == "Bearer sk-operator-secret"


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["body", "messages"]),
        ({"messages": "hello"}, ["body", "messages"]),
        ({"messages": [3]}, ["body", "messages", 0]),
        ({"messages": [{"content": "x"}]}, ["body", "messages", 0, "role"]),
        ({"messages": [{"role": "root", "content": "x"}]}, ["body", "messages", 0, "role"]),
        ({**ASK, "max_tokens": 0}, ["body", "max_tokens"]),
        ({**ASK, "max_tokens": 16385}, ["body", "max_tokens"]),
        ({**ASK, "max_tokens": "many"}, ["body", "max_tokens"]),
        ({**ASK, "temperature": "hot"}, ["body", "temperature"]),
    ],
)
def test_simple_chat_says_what_is_wrong(open_room, upstream, body, loc):
    answer = open_room(upstream=upstream).client.post("/llm/chat", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == loc
    assert upstream.seen == []


def test_an_openai_answer_has_the_whole_shape(open_room, upstream, make_completion):
    details = [{"type": "reasoning.text", "text": "think"}]
    upstream.answer(make_completion(None, reasoning="think", reasoning_details=details, tool_calls=[CALL]))
    answer = open_room(upstream=upstream).client.post("/v1/chat/completions", json={**ASK, "model": "m"}).json()
    assert re.fullmatch(r"chatcmpl-[0-9a-f]{12}", answer.pop("id"))
    assert isinstance(answer.pop("created"), int)
    assert answer == {
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None,
                    "reasoning": "think",
                    "reasoning_content": "think",
                    "reasoning_details": details,
                    "tool_calls": [CALL],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def test_the_model_is_echoed_as_default_when_none_was_asked_for(open_room, upstream):
    assert open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK).json()["model"] == "default"


def test_reasoning_stands_in_for_an_empty_answer(open_room, upstream, make_completion):
    upstream.answer(make_completion("", reasoning_content="the answer is 4"))
    answer = open_room(upstream=upstream).client.post("/v1/chat/completions", json=ASK).json()
    assert answer["choices"][0]["message"]["content"] == "the answer is 4"


def test_content_in_parts_is_joined(open_room, upstream, make_completion):
    upstream.answer(make_completion([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]))
    assert open_room(upstream=upstream).client.post("/llm/chat", json=ASK).json()["content"] == "ab"


OVERRIDES = {
    "model": "agent/expensive",
    "models": ["agent/expensive"],
    "provider": {"order": ["elsewhere"]},
    "route": "fallback",
    "plugins": [{"id": "web"}],
    "transforms": ["middle-out"],
    "max_tokens": 999_999,
    "max_completion_tokens": 999_999,
    "n": 50,
    "stream": True,
    "user": "alice's secret",
    "web_search_options": {},
    "service_tier": "priority",
    "usage": {"include": True},
    "messages": [{"role": "user", "content": "replaced"}],
    "tools": [{"type": "openrouter:web_search"}],
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_extra_body_chooses_nothing_that_is_the_rooms(open_room, upstream, name):
    room = open_room(upstream=upstream, tokens=3000)
    assert room.client.post("/v1/chat/completions", json={**ASK, "extra_body": {name: OVERRIDES[name]}}).is_success
    estimate = len(ASK["messages"][0]["content"]) // 3
    assert upstream.seen[0].body == {"model": "room/model", "max_tokens": 3000 - estimate, **ASK, **STREAMED}


@pytest.mark.parametrize("name", sorted(set(OVERRIDES) - {"messages", "tools", "stream", "max_tokens"}))
def test_top_level_fields_choose_nothing_that_is_the_rooms(open_room, upstream, name):
    room = open_room(upstream=upstream, tokens=3000)
    body = {**ASK, "max_tokens": 50, name: OVERRIDES[name]}
    if name == "model":
        body["model"] = "agent/expensive"
    assert room.client.post("/v1/chat/completions", json=body).is_success
    assert upstream.seen[0].body == {"model": "room/model", "max_tokens": 50, **ASK, **STREAMED}


def test_sampling_options_reach_the_model(open_room, upstream):
    options = {
        "temperature": 0,
        "top_p": 0.5,
        "stop": ["END"],
        "seed": 7,
        "response_format": {"type": "json_object"},
        "reasoning": {"enabled": False, "surprise": 1},
        "parallel_tool_calls": False,
    }
    room = open_room(upstream=upstream)
    extra = {"extra_body": {"reasoning": {"effort": "none"}, "top_k": 5}}
    assert room.client.post("/v1/chat/completions", json={**ASK, **options, **extra}).is_success
    sent = upstream.seen[0].body
    assert sent["reasoning"] == {"effort": "none"}
    assert sent["top_k"] == 5
    for name in ("temperature", "top_p", "stop", "seed", "response_format", "parallel_tool_calls"):
        assert sent[name] == options[name]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/?row=1"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "https://x"}}]}]},
        {**ASK, "tools": [{"type": "web_search"}]},
        {**ASK, "tool_choice": {"type": "mcp"}},
        {**ASK, "extra_body": ["plugins"]},
    ],
)
def test_what_would_make_the_provider_reach_out_is_refused(open_room, upstream, body):
    assert open_room(upstream=upstream).client.post("/v1/chat/completions", json=body).status_code == 422
    assert upstream.seen == []


def test_an_inline_image_and_a_tool_turn_reach_the_model(open_room, upstream):
    messages = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "[]"},
    ]
    assert open_room(upstream=upstream).client.post("/v1/chat/completions", json={"messages": messages}).is_success
    assert upstream.seen[0].body["messages"] == messages


def test_half_a_character_does_not_break_the_call(open_room, upstream):
    body = b'{"messages": [{"role": "user", "content": "\\ud83d"}]}'
    assert open_room(upstream=upstream).client.post("/v1/chat/completions", content=body).status_code == 200


def test_a_number_beyond_all_bounds_is_refused(open_room, upstream):
    for body in (
        b'{"messages": [], "temperature": 1e999}',
        b'{"messages": [], "tools": [{"function": {"name": "f", "parameters": {"x": 1e999}}}]}',
    ):
        assert open_room(upstream=upstream).client.post("/v1/chat/completions", content=body).status_code == 422
    assert upstream.seen == []


@pytest.mark.parametrize("path", ["/llm/chat", "/v1/chat/completions", "/v1/messages"])
def test_without_egress_every_model_endpoint_is_forbidden(open_room, path):
    answer = open_room().client.post(path, json={**ASK, "model": "m", "max_tokens": 5})
    assert answer.status_code == 403
    assert isinstance(answer.json()["detail"], str)


def test_nothing_of_a_conversation_is_logged(open_room, upstream, caplog):
    room = open_room(upstream=upstream)
    with caplog.at_level(logging.DEBUG):
        upstream.answer({"error": {"message": "echo: secret-row"}}, status=400)
        room.client.post("/llm/chat", json={"messages": [{"role": "user", "content": "secret-row"}]})
        room.client.post("/v1/chat/completions", content=b'{"messages": "secret-row"}')
    bridge_lines = [record.getMessage() for record in caplog.records if record.name.startswith("runner")]
    assert bridge_lines
    assert "secret-row" not in caplog.text
