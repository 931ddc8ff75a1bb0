"""The official OpenAI client against a stage's bridge."""

from __future__ import annotations

import asyncio
import json

import httpx2
import openai
import pytest
from pydantic import BaseModel

from tests.runner.llm.fake_upstream import STREAMED
from tests.runner.sdks.conftest import call, openai_client

HI = [{"role": "user", "content": "hi"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_row",
            "description": "one row",
            "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}},
        },
    }
]


def test_a_plain_call_gives_text_and_usage_and_goes_to_the_rooms_model(room, upstream):
    done = openai_client(room).chat.completions.create(model="gpt-4o", messages=HI, max_tokens=50)
    assert (done.choices[0].message.content, done.choices[0].finish_reason) == ("hello", "stop")
    assert (done.usage.prompt_tokens, done.usage.completion_tokens, done.usage.total_tokens) == (11, 7, 18)
    assert done.model == "gpt-4o"
    assert (upstream.seen[0].body["model"], upstream.seen[0].body["max_tokens"]) == ("room/model", 50)


def test_the_chunks_of_a_stream_end_with_usage_asked_for_or_not(room, upstream):
    for options in ({}, {"stream_options": {"include_usage": True}}):
        upstream.stream({"content": "It is "}, {"content": "four."})
        stream = openai_client(room).chat.completions.create(model="m", messages=HI, stream=True, **options)
        chunks = list(stream)
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "It is four."
        assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 25)
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"


def test_the_stream_helper_puts_text_and_parallel_tool_calls_together(room, upstream):
    upstream.stream(
        {"reasoning": "two rows are needed"},
        {"content": "Looking."},
        {"tool_calls": [{"index": 0, **call("get_row", '{"n":', ident="a")}]},
        {
            "tool_calls": [
                {"index": 0, "function": {"arguments": "1}"}},
                {"index": 1, **call("get_row", "{", ident="b")},
            ]
        },
        {"tool_calls": [{"index": 1, "function": {"arguments": '"n":2}'}}]},
        finish="tool_calls",
    )
    with openai_client(room).chat.completions.stream(model="m", messages=HI, tools=TOOLS) as stream:
        kinds = [event.type for event in stream]
        done = stream.get_final_completion()
    message = done.choices[0].message
    assert message.content == "Looking."
    assert [(c.id, json.loads(c.function.arguments)) for c in message.tool_calls] == [("a", {"n": 1}), ("b", {"n": 2})]
    assert done.choices[0].finish_reason == "tool_calls"
    assert done.usage.total_tokens == 25
    assert kinds.index("content.done") < kinds.index("tool_calls.function.arguments.done")


def test_a_round_of_parallel_tools_goes_there_and_back(room, upstream, make_completion):
    calls = [call("get_row", '{"n": 1}', ident="a"), call("get_row", '{"n": 2}', ident="b")]
    upstream.answer(make_completion(None, tool_calls=calls, reasoning="two rows", reasoning_details=[{"s": 1}]))
    client = openai_client(room)
    first = client.chat.completions.create(model="m", messages=HI, tools=TOOLS, tool_choice="required")
    message = first.choices[0].message
    assert message.model_extra["reasoning_content"] == "two rows"
    turns = [{"role": "tool", "tool_call_id": c.id, "content": f"row {c.id}"} for c in message.tool_calls]
    client.chat.completions.create(model="m", messages=[*HI, message, *turns], tools=TOOLS)
    sent = upstream.seen[1].body["messages"]
    assert sent[1]["tool_calls"] == calls
    assert (sent[1]["content"], sent[1]["reasoning_details"]) == (None, [{"s": 1}])
    assert sent[2:] == [
        {"role": "tool", "tool_call_id": "a", "content": "row a"},
        {"role": "tool", "tool_call_id": "b", "content": "row b"},
    ]
    assert upstream.seen[0].body["tool_choice"] == "required"


def test_an_answer_of_a_given_shape_is_parsed(room, upstream, make_completion):
    class Verdict(BaseModel):
        allowed: bool

    upstream.answer(make_completion('{"allowed": true}'))
    done = openai_client(room).chat.completions.parse(model="m", messages=HI, response_format=Verdict)
    assert done.choices[0].message.parsed == Verdict(allowed=True)
    assert upstream.seen[0].body["response_format"]["type"] == "json_schema"


def test_what_an_agent_adds_to_the_body_chooses_nothing(room, upstream):
    openai_client(room).chat.completions.create(
        model="m",
        messages=HI,
        max_completion_tokens=30,
        seed=4,
        user="bob",
        metadata={"row": "x"},
        extra_body={
            "model": "other",
            "models": ["other"],
            "max_tokens": 10**9,
            "provider": {"only": ["x"]},
            "plugins": [{"id": "web"}],
            "extra_body": {"model": "other", "max_tokens": 10**9, "route": "fallback", "top_k": 3},
        },
        extra_headers={"HTTP-Referer": "x", "X-Title": "y", "OpenAI-Organization": "z"},
    )
    assert upstream.seen[0].body == {
        "model": "room/model",
        "messages": HI,
        "max_tokens": 30,
        "seed": 4,
        "top_k": 3,
        **STREAMED,
    }
    names = {name.lower() for name in upstream.seen[0].headers}
    assert not names & {"http-referer", "x-title", "openai-organization", "x-stainless-lang"}
    assert upstream.seen[0].headers["Authorization"] == "Bearer sk-operator-secret"


def test_a_used_up_budget_is_a_rate_limit_error_with_the_words_and_no_second_try(open_room, upstream):
    room = open_room(upstream=upstream, calls=1)
    client = openai_client(room)
    client.chat.completions.create(model="m", messages=HI)
    asked = []
    client._client.event_hooks = {"request": [asked.append]}
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError, match="Budget exhausted: ") as refused:
            client.chat.completions.create(model="m", messages=HI, stream=stream)
        assert refused.value.code == "budget_exhausted"
    assert len(asked) == 2


def test_failures_upstream_are_server_errors_without_upstreams_words(room, upstream):
    client = openai_client(room, max_retries=0)
    for _ in range(3):
        upstream.answer({"error": {"message": "secret words"}}, status=500)
    with pytest.raises(openai.InternalServerError, match="The model service gave no answer") as failed:
        client.chat.completions.create(model="m", messages=HI)
    assert failed.value.code == "upstream_failed"
    upstream.stream({"content": "half"}, finish=None)
    with pytest.raises(openai.APIError, match="broke off"):
        list(client.chat.completions.create(model="m", messages=HI, stream=True))


def test_other_refusals_have_their_classes(room, open_room):
    with pytest.raises(openai.AuthenticationError, match="Invalid session token"):
        openai_client(room, api_key="wrong").models.list()
    with pytest.raises(openai.UnprocessableEntityError, match=r"body\.messages\.0\.role"):
        openai_client(room).chat.completions.create(model="m", messages=[{"content": "x"}])
    with pytest.raises(openai.PermissionDeniedError):
        openai_client(open_room()).chat.completions.create(model="m", messages=HI)
    with pytest.raises(openai.NotFoundError):
        openai_client(room).responses.create(model="m", input="hi")


def test_models_are_listed_and_found(room):
    client = openai_client(room)
    assert [model.id for model in client.models.list()] == ["room/model"]
    assert client.models.retrieve("room/model").owned_by == "openrouter"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_thirty_calls_of_the_asynchronous_client_at_once(open_room, upstream):
    room = open_room(upstream=upstream, calls=30)

    async def main():
        http = httpx2.AsyncClient(trust_env=False, verify=False)
        client = openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{room.port}/v1", api_key=room.session.token, http_client=http
        )
        async with client:
            made = [client.chat.completions.create(model="m", messages=HI, max_tokens=10) for _ in range(30)]
            return await asyncio.gather(*made)

    answers = asyncio.run(main())
    assert {answer.choices[0].message.content for answer in answers} == {"hello"}
    assert room.session.budget.snapshot()["total_tokens"] == 30 * 18
