"""Blocks of the Anthropic shape, odd and empty ones too, as the model gets them."""

from __future__ import annotations

import pytest

PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
PNG_SENT = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
FETCHED = {"type": "image", "source": {"type": "url", "url": "https://x.example/?row=1"}}
DOCUMENT = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}


def text(words: str) -> dict:
    return {"type": "text", "text": words, "cache_control": {"type": "ephemeral"}}


def sent(open_room, upstream, *messages: dict, **fields: object) -> list[dict]:
    body = {"model": "m", "max_tokens": 9, "messages": list(messages), **fields}
    answer = open_room(upstream=upstream).client.post("/v1/messages", json=body)
    assert answer.status_code == 200, answer.text
    return list(upstream.seen[0].body["messages"])


USER = {
    "texts": ([text("a"), text("b")], "a\nb"),
    "a picture between texts": (
        [text("a"), PNG, text("b")],
        [{"type": "text", "text": "a"}, PNG_SENT, {"type": "text", "text": "b"}],
    ),
    "a picture alone": ([PNG], [PNG_SENT]),
    "what has no counterpart": ([text("a"), DOCUMENT, FETCHED, THOUGHT, {"type": "mystery"}, {}], "a"),
    "nothing but that": ([DOCUMENT], ""),
    "no block": ([], ""),
    "texts that are none": ([{"type": "text"}, {"type": "text", "text": 5}, text("a")], "a"),
}


@pytest.mark.parametrize("case", USER)
def test_what_a_user_says_arrives(open_room, upstream, case: str) -> None:
    blocks, content = USER[case]
    assert sent(open_room, upstream, {"role": "user", "content": blocks}) == [{"role": "user", "content": content}]


@pytest.mark.parametrize("source", [{"media_type": "text/html", "data": "x"}, {"media_type": None}, {"data": 5}, {}])
def test_a_picture_that_is_none_is_refused(open_room, upstream, source: dict) -> None:
    block = {"type": "image", "source": {"type": "base64", **source}}
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [block]}]}
    assert open_room(upstream=upstream).client.post("/v1/messages", json=body).status_code == 422
    assert upstream.seen == []


RESULTS = {
    "a text": ("rows", "rows"),
    "blocks": ([text("a"), text("b")], "a\nb"),
    "an error": ("no such table", "no such table"),
    "a picture": ([PNG], ""),
    "nothing": (None, ""),
    "no block": ([], ""),
}


@pytest.mark.parametrize("case", RESULTS)
def test_results_of_tools_arrive_as_text_one_by_one(open_room, upstream, case: str) -> None:
    content, arrived = RESULTS[case]
    results = [
        {"type": "tool_result", "tool_use_id": f"t{n}", "content": content, "is_error": case == "an error"}
        for n in range(3)
    ]
    assert sent(open_room, upstream, {"role": "user", "content": results}) == [
        {"role": "tool", "tool_call_id": f"t{n}", "content": arrived} for n in range(3)
    ]


ASSISTANT = {
    "thoughts alone": ([THOUGHT], {"content": ""}),
    "no block": ([], {"content": ""}),
    "a call alone": ([{"type": "tool_use", "id": "t", "name": "f", "input": {}}], {"content": None, "calls": ["{}"]}),
    "calls at once": (
        [text("look"), *({"type": "tool_use", "id": "t", "name": "f", "input": {"n": n}} for n in range(2))],
        {"content": "look", "calls": ['{"n": 0}', '{"n": 1}']},
    ),
    "odd inputs": (
        [{"type": "tool_use", "id": "t", "name": "f", "input": odd} for odd in (None, [], [1], "x")],
        {"content": None, "calls": ["{}", "{}", "[1]", '"x"']},
    ),
}


@pytest.mark.parametrize("case", ASSISTANT)
def test_what_the_model_said_before_arrives(open_room, upstream, case: str) -> None:
    blocks, expected = ASSISTANT[case]
    (message,) = sent(open_room, upstream, {"role": "assistant", "content": blocks})
    assert message["content"] == expected["content"]
    assert [call["function"]["arguments"] for call in message.get("tool_calls", [])] == expected.get("calls", [])


@pytest.mark.parametrize("system", [None, "", [], [text("")], [PNG], 5, {"type": "text"}])
def test_a_system_prompt_of_nothing_is_left_out(open_room, upstream, system: object) -> None:
    assert sent(open_room, upstream, {"role": "user", "content": "a"}, system=system) == [
        {"role": "user", "content": "a"}
    ]


def test_thoughts_and_words_to_stop_at_and_marks_stay_behind(open_room, upstream) -> None:
    sent(
        open_room,
        upstream,
        {"role": "user", "content": "a"},
        thinking={"type": "enabled", "budget_tokens": 10**9},
        stop_sequences=["x"],
        metadata={"user_id": "alice"},
        betas=["computer-use"],
        service_tier="priority",
        mcp_servers=[{"url": "https://x.example"}],
        container="c",
        context_management={},
        top_k=5,
    )
    left = set(upstream.seen[0].body)
    assert left == {"model", "messages", "max_tokens", "stream", "stream_options"}
