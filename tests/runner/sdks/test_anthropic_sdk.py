"""The official Anthropic client against a stage's bridge."""

from __future__ import annotations

import asyncio

import anthropic
import httpx2
import pytest

from tests.runner.sdks.conftest import anthropic_client, call

HI = [{"role": "user", "content": "hi"}]
TOOLS = [
    {
        "name": "get_row",
        "description": "one row",
        "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}},
        "cache_control": {"type": "ephemeral"},
    }
]


def _ask(client, **options):
    return client.messages.create(**{"model": "claude-x", "max_tokens": 50, "messages": HI, **options})


def test_a_plain_call_gives_text_and_usage_and_goes_to_the_rooms_model(room, upstream):
    done = _ask(anthropic_client(room), system="Be brief.")
    assert ([block.text for block in done.content], done.stop_reason) == (["hello"], "end_turn")
    assert (done.usage.input_tokens, done.usage.output_tokens) == (11, 7)
    assert done.model == "claude-x"
    assert (upstream.seen[0].body["model"], upstream.seen[0].body["max_tokens"]) == ("room/model", 50)


def test_a_round_of_parallel_tools_goes_there_and_back(room, upstream, make_completion):
    calls = [call("get_row", '{"n": 1}', ident="a"), call("get_row", '{"n": 2}', ident="b")]
    upstream.answer(make_completion("Looking.", tool_calls=calls))
    client = anthropic_client(room)
    first = _ask(client, tools=TOOLS, tool_choice={"type": "any"})
    uses = [block for block in first.content if block.type == "tool_use"]
    assert [(use.id, use.input) for use in uses] == [("a", {"n": 1}), ("b", {"n": 2})]
    assert first.stop_reason == "tool_use"
    results = [
        {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "row 1"}]},
        {"type": "tool_result", "tool_use_id": "b", "content": "no such row", "is_error": True},
    ]
    turns = [*HI, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    assert _ask(client, messages=turns, tools=TOOLS).content[0].text == "hello"
    sent = upstream.seen[1].body["messages"]
    assert (sent[1]["content"], sent[1]["tool_calls"]) == ("Looking.", calls)
    assert sent[2:] == [
        {"role": "tool", "tool_call_id": "a", "content": "row 1"},
        {"role": "tool", "tool_call_id": "b", "content": "no such row"},
    ]


def test_the_stream_helper_sees_several_blocks_in_order(room, upstream):
    upstream.stream(
        {"reasoning": "two rows are needed"},
        {"content": "Loo"},
        {"content": "king."},
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
    with anthropic_client(room).messages.stream(
        model="m", max_tokens=50, messages=HI, tools=TOOLS, thinking={"type": "enabled", "budget_tokens": 1024}
    ) as stream:
        kinds = [event.type for event in stream if event.type.startswith(("message_", "content_block_"))]
        done = stream.get_final_message()
    assert [block.type for block in done.content] == ["text", "tool_use", "tool_use"]
    assert done.content[0].text == "Looking."
    assert [block.input for block in done.content[1:]] == [{"n": 1}, {"n": 2}]
    assert (done.stop_reason, done.usage.input_tokens, done.usage.output_tokens) == ("tool_use", 20, 5)
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    text = ["content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"]
    assert kinds == ["message_start", *text, *block, *block, "message_delta", "message_stop"]


def test_text_arrives_piece_by_piece(room, upstream):
    upstream.stream({"content": "a"}, {"content": "b"}, {"content": "c"})
    with anthropic_client(room).messages.stream(model="m", max_tokens=50, messages=HI) as stream:
        assert list(stream.text_stream) == ["a", "b", "c"]


def test_tokens_are_counted_without_a_cap_and_for_free(room, upstream):
    client = anthropic_client(room)
    plain = client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "x" * 300}])
    assert plain.input_tokens == 100
    tooled = client.messages.count_tokens(model="m", messages=HI, system="y" * 30, tools=TOOLS)
    assert tooled.input_tokens > 10
    assert upstream.seen == []


def test_models_are_listed_and_found(room):
    client = anthropic_client(room)
    assert [model.id for model in client.models.list()] == ["room/model"]
    assert client.models.retrieve("room/model").display_name == "room/model"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-x")


def test_a_used_up_budget_is_a_rate_limit_error_with_the_words_and_no_second_try(open_room, upstream):
    room = open_room(upstream=upstream, calls=1)
    client = anthropic_client(room)
    _ask(client)
    asked = []
    client._client.event_hooks = {"request": [asked.append]}
    for stream in (False, True):
        with pytest.raises(anthropic.RateLimitError, match="Budget exhausted: ") as refused:
            _ask(client, stream=stream)
        assert refused.value.type == "rate_limit_error"
        assert refused.value.api_message.startswith("Budget exhausted: ")
    assert len(asked) == 2


def test_failures_upstream_are_server_errors_without_upstreams_words(room, upstream):
    client = anthropic_client(room, max_retries=0)
    for _ in range(3):
        upstream.answer({"error": {"message": "secret words"}}, status=500)
    with pytest.raises(anthropic.InternalServerError, match="The model service gave no answer") as failed:
        _ask(client)
    assert failed.value.type == "api_error"
    upstream.stream({"content": "half"}, finish=None)
    with pytest.raises(anthropic.APIError, match="broke off"):
        list(_ask(client, stream=True))


def test_other_refusals_have_their_classes(room, open_room):
    with pytest.raises(anthropic.AuthenticationError, match="Invalid session token") as refused:
        _ask(anthropic_client(room, api_key="wrong"))
    assert refused.value.type == "authentication_error"
    with pytest.raises(anthropic.UnprocessableEntityError, match=r"body\.messages\.0\.role"):
        _ask(anthropic_client(room), messages=[{"role": "tool", "content": "x"}])
    with pytest.raises(anthropic.PermissionDeniedError):
        _ask(anthropic_client(open_room()))


def test_the_token_is_also_taken_as_a_bearer(room):
    assert _ask(anthropic_client(room, api_key=None, auth_token=room.session.token)).content[0].text == "hello"


def test_thirty_calls_of_the_asynchronous_client_at_once(open_room, upstream):
    room = open_room(upstream=upstream, calls=30)

    async def main():
        http = httpx2.AsyncClient(trust_env=False, verify=False)
        client = anthropic.AsyncAnthropic(
            base_url=f"http://127.0.0.1:{room.port}", api_key=room.session.token, http_client=http
        )
        async with client:
            return await asyncio.gather(*[_ask(client, max_tokens=10) for _ in range(30)])

    answers = asyncio.run(main())
    assert {answer.content[0].text for answer in answers} == {"hello"}
    assert room.session.budget.snapshot()["total_tokens"] == 30 * 18
