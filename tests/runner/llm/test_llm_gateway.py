"""The gateway against a real HTTP service."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from runner.llm.completions import DetailsPiece, ReasoningPiece, TextPiece
from runner.llm.errors import UpstreamError
from runner.llm.gateway import Gateway, UpstreamCall
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy

FAST = RetryPolicy(base_seconds=0.01)


def _ask(url: str, *, timeout: float = 5.0, max_bytes: int = 1_000_000, retries: RetryPolicy = FAST, **call):
    async def main():
        gateway = Gateway(retries=retries, max_response_bytes=max_bytes)
        route = LlmRoute(Provider("p", url, "sk-operator", timeout_seconds=timeout, connect_seconds=1), "m")
        upstream_call = UpstreamCall(route, b"{}", **call)
        try:
            return await gateway.chat(upstream_call), upstream_call.progress
        finally:
            await gateway.aclose()

    return asyncio.run(main())


def _fails(url: str, **options) -> UpstreamError:
    with pytest.raises(UpstreamError) as failure:
        _ask(url, **options)
    return failure.value


async def _drop(_piece) -> None:
    return None


def test_the_key_goes_to_the_provider_and_nothing_of_the_environment(upstream, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    completion, _ = _ask(upstream.url)
    assert completion.content == "hello"
    assert upstream.seen[0].headers["Authorization"] == "Bearer sk-operator"


def test_a_redirect_is_not_followed(upstream):
    upstream.answer({}, status=307, headers={"Location": upstream.url + "/chat/completions"})
    assert _fails(upstream.url).code == "upstream_rejected"
    assert len(upstream.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_a_refusal_is_not_tried_again(upstream, status):
    upstream.answer({}, status=status)
    error = _fails(upstream.url)
    assert (error.code, error.status, len(upstream.seen)) == ("upstream_rejected", status, 1)


def test_tries_end(upstream):
    for _ in range(5):
        upstream.answer({}, status=503)
    assert _fails(upstream.url).code == "upstream_failed"
    assert len(upstream.seen) == 3


def test_retry_after_is_kept(upstream):
    upstream.answer({}, status=429, headers={"Retry-After": "0.4"})
    started = time.monotonic()
    _ask(upstream.url)
    assert time.monotonic() - started >= 0.4


def test_a_connection_that_is_dropped_before_the_answer_is_tried_again(upstream):
    async def drop(request, _body):
        request.transport.close()
        await asyncio.sleep(1)
        return web.Response()

    upstream.scripts.append(drop)
    completion, _ = _ask(upstream.url)
    assert completion.content == "hello"
    assert len(upstream.seen) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_without_end_is_cut_off(upstream, stream):
    async def endless(request, _body):
        kind = "text/event-stream" if stream else "application/json"
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        while True:
            await response.write(b": " + b"x" * 60_000 + b"\n")

    upstream.default = endless
    assert _fails(upstream.url).code == "upstream_too_long"


def test_pieces_of_a_stream_come_in_order(upstream):
    upstream.stream(
        {"reasoning_content": "a"}, {"reasoning_details": [{"x": 1}]}, {"content": [{"type": "text", "text": "b"}]}
    )
    pieces = []

    async def keep(piece) -> None:
        pieces.append(piece)

    completion, progress = _ask(upstream.url, on_piece=keep)
    assert pieces == [ReasoningPiece("a"), DetailsPiece([{"x": 1}]), TextPiece("b")]
    assert (completion.content, completion.reasoning, completion.prompt_tokens) == ("b", "a", 20)
    assert progress.completion_tokens == 5


def test_a_stream_without_done_but_with_a_reason_is_whole(upstream):
    upstream.stream({"content": "b"}, done=False)
    assert _ask(upstream.url, on_piece=_drop)[0].finish_reason == "stop"


def test_a_stream_that_ends_before_it_began_is_tried_again(upstream):
    upstream.stream(finish=None)
    upstream.stream({"content": "b"})
    assert _ask(upstream.url, on_piece=_drop)[0].content == "b"


def test_a_stream_that_breaks_off_is_not_tried_again(upstream):
    upstream.stream({"content": "b"}, finish=None)
    assert _fails(upstream.url, on_piece=_drop).code == "upstream_broken"
    assert len(upstream.seen) == 1


def test_a_stream_that_falls_silent_times_out(upstream):
    upstream.stream({"content": "b"}, pause=2)
    assert _fails(upstream.url, on_piece=_drop, timeout=0.2).code == "upstream_timeout"


def test_an_error_of_the_receiver_passes_through_and_ends_the_stream(upstream):
    upstream.stream(*[{"content": "b"}] * 50, pause=0.05)

    async def gone(_piece) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        _ask(upstream.url, on_piece=gone)
    assert upstream.cancelled.wait(5)


@pytest.mark.parametrize("deadline", [-1.0, 0.2])
def test_no_call_outlasts_its_deadline(upstream, deadline):
    upstream.hang(10)
    error = _fails(upstream.url, deadline=time.monotonic() + deadline)
    assert error.code == "deadline_reached"


def test_tool_calls_that_come_in_fragments_without_ids_are_put_together(upstream):
    upstream.stream(
        {"tool_calls": [{"index": 1, "function": {"name": "b", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "id": "x", "function": {"name": "a", "arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "}"}}, "nonsense", {"index": -1}]},
        finish="tool_calls",
    )
    calls = _ask(upstream.url, on_piece=_drop)[0].tool_calls
    assert [(call.name, call.arguments) for call in calls] == [("a", "{}"), ("b", "{}")]
    assert calls[0].id == "x"
    assert calls[1].id.startswith("call_")


def test_absurd_usage_is_bounded(upstream, make_completion):
    upstream.answer(make_completion("x", usage={"prompt_tokens": 10**30, "completion_tokens": -4}))
    completion, _ = _ask(upstream.url)
    assert completion.prompt_tokens == 1_000_000_000
    assert completion.completion_tokens is None


def test_errors_say_nothing_of_what_upstream_wrote(upstream):
    upstream.answer({"error": {"message": "the prompt was: secret-row"}}, status=400)
    error = _fails(upstream.url)
    assert "secret-row" not in f"{error!r}{error}"
    assert error.__cause__ is None


@pytest.mark.parametrize("index", [{}, {"index": 0}])
def test_tool_calls_that_are_not_numbered_are_told_apart_by_their_ids(upstream, index):
    upstream.stream(
        {"tool_calls": [{**index, "id": "x", "function": {"name": "a", "arguments": '{"n":'}}]},
        {"tool_calls": [{**index, "function": {"arguments": "1}"}}]},
        {"tool_calls": [{**index, "id": "y", "function": {"name": "a", "arguments": '{"n":'}}]},
        {"tool_calls": [{**index, "id": "y", "function": {"arguments": "2}"}}]},
        finish="tool_calls",
    )
    calls = _ask(upstream.url, on_piece=_drop)[0].tool_calls
    assert [(call.id, call.arguments) for call in calls] == [("x", '{"n":1}'), ("y", '{"n":2}')]
