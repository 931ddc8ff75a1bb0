"""Whatever JSON comes, from an agent or from a model service, ends as a request, as an answer or as our own error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runner.bridge.dialects.anthropic_request import parse_anthropic_request
from runner.llm.assembly import Assembler
from runner.llm.completions import Completion, Progress, parse_completion
from runner.llm.errors import UpstreamError
from runner.llm.problems import RequestInvalid

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)


def shaped(*names: str) -> st.SearchStrategy[Any]:
    """JSON whose objects mostly have these keys."""
    keys = st.sampled_from(names) | st.text(max_size=4)
    return st.recursive(
        SCALARS | st.sampled_from(names),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=14,
    )


BLOCKS = shaped("type", "text", "tool_use", "tool_result", "id", "name", "input", "content", "tool_use_id", "user")
TURNS = st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": BLOCKS}), max_size=3)
EXTRAS = st.dictionaries(
    st.sampled_from(
        ["system", "tools", "tool_choice", "temperature", "top_p", "thinking", "stop_sequences", "extra_body"]
    ),
    shaped("type", "text", "name", "input_schema", "any", "tool", "auto", "model", "plugins"),
    max_size=4,
)
FORWARDED = {"model", "messages", "max_tokens", "tools", "tool_choice", "temperature", "top_p", "parallel_tool_calls"}

CALLS = st.lists(
    st.fixed_dictionaries({}, optional={"index": SCALARS, "id": SCALARS, "function": shaped("name", "arguments")}),
    max_size=3,
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "content": shaped("text", "type"),
        "reasoning": shaped("text"),
        "reasoning_details": shaped("text", "type"),
        "tool_calls": CALLS | shaped("function"),
    },
)
USAGE = shaped("prompt_tokens", "completion_tokens")


@given(TURNS, EXTRAS)
def test_whatever_an_anthropic_client_sends_only_known_fields_go_upstream(turns, extras):
    body = {"model": "other", "max_tokens": 9, **extras, "messages": turns}
    try:
        sent = parse_anthropic_request(body).upstream_body(model="room/model", max_tokens=5, stream=False)
    except RequestInvalid as refusal:
        assert refusal.problems
        return
    decoded = json.loads(sent)
    assert set(decoded) <= FORWARDED
    assert (decoded["model"], decoded["max_tokens"]) == ("room/model", 5)


@given(PARTS, SCALARS, USAGE)
def test_whatever_a_service_answers_is_a_completion_or_our_error(message, reason, usage):
    payload = {"choices": [{"message": message, "finish_reason": reason}], "usage": usage}
    try:
        done = parse_completion(payload, progress=Progress())
    except UpstreamError:
        return
    _check(done)


@given(st.lists(st.tuples(PARTS, SCALARS, USAGE), max_size=5))
def test_whatever_a_service_streams_is_a_completion_or_our_error(chunks):
    assembler = Assembler(Progress())
    try:
        for delta, reason, usage in chunks:
            assembler.feed({"choices": [{"delta": delta, "finish_reason": reason}], "usage": usage})
    except UpstreamError:
        return
    _check(assembler.completion())


@given(shaped("choices", "message", "delta", "error", "code", "usage"))
def test_a_payload_of_any_shape_raises_nothing_of_pythons(payload):
    for take in (Assembler(Progress()).feed, lambda value: parse_completion(value, progress=Progress())):
        try:
            take(payload)
        except UpstreamError:
            continue


def _check(done: Completion) -> None:
    """What agents rely on, and that it can be written as JSON."""
    assert done.finish_reason
    assert done.content is None or isinstance(done.content, str)
    for call in done.tool_calls:
        assert call.id
        assert isinstance(call.arguments, str)
    for count in (done.prompt_tokens, done.completion_tokens):
        assert count is None or 0 <= count <= 10**9
    json.dumps(done.reasoning_details)
