"""Requests rebuilt from an allow-list."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.llm.problems import RequestInvalid
from runner.llm.requests import FREE_SIDE_CHARS, parse_openai_request

ASK = {"messages": [{"role": "user", "content": "hello"}]}
ALLOWED = {
    "messages",
    "model",
    "max_tokens",
    "tools",
    "tool_choice",
    "reasoning",
    "temperature",
    "top_p",
    "min_p",
    "top_k",
    "seed",
    "stop",
    "response_format",
    "reasoning_effort",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "parallel_tool_calls",
    "include_reasoning",
    "chat_template_kwargs",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*sorted(ALLOWED), "plugins", "provider", "models", "n", "stream", "extra_body"]) | st.text()


def _sent(data: dict, *, max_tokens: int = 100, stream: bool = False) -> dict:
    body = parse_openai_request(data).upstream_body(model="room/model", max_tokens=max_tokens, stream=stream)
    return json.loads(body)


@given(st.dictionaries(NAMES, JSON, max_size=6), st.dictionaries(NAMES, JSON, max_size=6))
def test_whatever_is_asked_only_allowed_fields_and_the_rooms_choices_go_upstream(top, extra):
    try:
        sent = _sent({**top, **ASK, "extra_body": extra})
    except RequestInvalid as refusal:
        assert refusal.problems
        return
    assert set(sent) <= ALLOWED
    assert (sent["model"], sent["max_tokens"], sent["messages"]) == ("room/model", 100, ASK["messages"])


def test_a_plain_request_is_nothing_but_itself():
    assert _sent(ASK) == {**ASK, "model": "room/model", "max_tokens": 100}


def test_a_streamed_request_asks_for_usage():
    sent = _sent(ASK, stream=True)
    assert (sent["stream"], sent["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ({}, 4096),
        ({"max_tokens": None}, 4096),
        ({"max_tokens": 7}, 7),
        ({"max_tokens": "7"}, 7),
        ({"max_tokens": 7.0}, 7),
        ({"max_completion_tokens": 9}, 9),
        ({"max_tokens": 20, "max_completion_tokens": 9}, 9),
        ({"max_tokens": 20, "extra_body": {"max_tokens": 99}}, 20),
    ],
)
def test_the_wished_cap_is_the_lowest_that_was_named(body, wish):
    assert parse_openai_request({**ASK, **body}).max_tokens == wish


@pytest.mark.parametrize("wish", [0, -1, True, 1.5, "x", [], {}])
def test_a_cap_that_is_none_is_refused(wish):
    with pytest.raises(RequestInvalid):
        parse_openai_request({**ASK, "max_tokens": wish})


def test_thinking_is_held_within_the_granted_cap():
    sent = _sent({**ASK, "reasoning": {"max_tokens": 50_000, "effort": "high"}}, max_tokens=64)
    assert sent["reasoning"] == {"max_tokens": 64, "effort": "high"}


def test_unknown_keys_of_a_message_are_left_behind():
    message = {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}], "provider": "x"}
    assert _sent({"messages": [message]})["messages"] == [{"role": "user", "content": [{"type": "text", "text": "a"}]}]


def test_reasoning_is_sent_back_with_the_conversation():
    turn = {"role": "assistant", "content": "a", "reasoning": "b", "reasoning_details": [{"type": "x", "data": "y"}]}
    assert _sent({"messages": [turn]})["messages"] == [turn]


@pytest.mark.parametrize("url", ["http://x/a.png", "HTTPS://x", "file:///etc/passwd", "data:text/html,x", "", 5, None])
def test_an_image_that_would_be_fetched_is_refused(url):
    part = {"type": "image_url", "image_url": {"url": url}}
    with pytest.raises(RequestInvalid):
        parse_openai_request({"messages": [{"role": "user", "content": [part]}]})


@pytest.mark.parametrize(
    ("messages", "estimate"),
    [
        ([], 1),
        ([{"role": "user", "content": "ab"}], 1),
        ([{"role": "user", "content": "x" * 30}], 10),
        ([{"role": "user", "content": "x" * 31}, {"role": "assistant", "content": None}], 10),
        ([{"role": "user", "content": [{"type": "text", "text": "x" * 30}]}], 10),
    ],
)
def test_a_prompt_is_estimated_at_a_third_of_its_characters(messages, estimate):
    assert parse_openai_request({"messages": messages}).prompt_estimate == estimate


def test_tool_definitions_are_not_counted_until_there_is_a_flood_of_them():
    def tools(size: int) -> list[dict]:
        return [{"type": "function", "function": {"name": "f", "description": "d" * size}}]

    assert parse_openai_request({**ASK, "tools": tools(FREE_SIDE_CHARS // 2)}).prompt_estimate == 1
    flood = parse_openai_request({**ASK, "tools": tools(FREE_SIDE_CHARS + 30_000)}).prompt_estimate
    assert flood >= 10_000


def test_everything_weighs_and_other_scripts_by_their_bytes():
    tools = [{"type": "function", "function": {"name": "f", "description": "d" * 3000}}]
    asked = parse_openai_request({**ASK, "tools": tools})
    assert (asked.prompt_estimate, asked.prompt_weight > 1000) == (1, True)
    for letter, tokens in (("x", 100), ("я", 200), ("語", 300), ("😀", 400), ("\ud800", 100)):
        asked = parse_openai_request({"messages": [{"role": "user", "content": letter * 300}]})
        assert (asked.prompt_estimate, asked.prompt_weight) == (100, tokens)


def test_text_keeps_its_letters_upstream():
    body = parse_openai_request({"messages": [{"role": "user", "content": "grüße 😀"}]})
    assert "grüße 😀".encode() in body.upstream_body(model="m", max_tokens=5, stream=False)
