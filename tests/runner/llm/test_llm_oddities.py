"""Model services that mean well and speak oddly: what they said is understood, and counted as they meant it."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from aiohttp import web

from runner.llm import gateway as gateways
from runner.llm.completions import Completion, Progress
from runner.llm.gateway import Gateway, UpstreamCall
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy
from tests.runner.llm.fake_upstream import FakeUpstream


def ask(upstream: FakeUpstream, *, seconds: float = 10.0) -> Completion:
    async def take(_piece: object) -> None:
        return None

    async def main() -> Completion:
        gateway = Gateway(retries=RetryPolicy(attempts=1))
        route = LlmRoute(Provider("p", upstream.url, "k", timeout_seconds=5), "m")
        try:
            return await gateway.chat(UpstreamCall(route, b"{}", time.monotonic() + seconds, take))
        finally:
            await gateway.aclose()

    return asyncio.run(main())


def says(upstream: FakeUpstream, *writes: bytes, then: float = 0.0, drips: bool = False) -> None:
    """Stream these bytes, each in a packet of its own; wait or drip at the end."""

    async def script(request: web.Request, _body: dict) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in writes:
            await response.write(piece)
            await asyncio.sleep(0.001)
        until = time.monotonic() + then
        while time.monotonic() < until:
            if drips:
                await response.write(b": still here\n\n")
            await asyncio.sleep(0.02)
        return response

    upstream.scripts.append(script)


def line(delta: dict, *, ending: bytes = b"\n\n", **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": more.pop("finish", None), **more.pop("choice", {})}
    return b"data: " + json.dumps({"choices": [choice], **more}, ensure_ascii=False).encode() + ending


DONE = b"data: [DONE]\n\n"
END = line({}, finish="stop")


@pytest.mark.parametrize("ending", [b"\n\n", b"\r\n\r\n", b"\n", b"\r\n"])
def test_lines_end_as_they_like_and_letters_may_lie_in_two_packets(upstream: FakeUpstream, ending: bytes) -> None:
    text = line({"content": "Zürich 東京 🚆"}, ending=ending) + line({"content": "!"}, finish="stop", ending=ending)
    says(upstream, *(bytes([byte]) for byte in text), DONE)
    assert ask(upstream).content == "Zürich 東京 🚆!"


def test_an_event_without_data_is_none(upstream: FakeUpstream) -> None:
    says(upstream, b"event: ping\ndata:\n\n", line({"content": "a"}), b"data: \n\nid: 7\nretry: 10\n\n", END, DONE)
    assert ask(upstream).content == "a"


def test_a_message_that_repeats_the_whole_text_at_the_end_is_not_said_twice(upstream: FakeUpstream) -> None:
    whole = {"message": {"role": "assistant", "content": "abc"}}
    says(upstream, line({"content": "a"}), line({"content": "bc"}), line({}, finish="stop", choice=whole), DONE)
    assert ask(upstream).content == "abc"


def test_a_service_that_streams_messages_is_understood(upstream: FakeUpstream) -> None:
    said = {"message": {"content": "a"}, "delta": None}
    says(upstream, line({}, choice=said), line({}, finish="stop"), DONE)
    assert ask(upstream).content == "a"


@pytest.mark.parametrize("drips", [False, True])
def test_a_stream_that_stays_open_after_the_reason_to_stop_is_whole_soon(
    upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch, drips: bool
) -> None:
    monkeypatch.setattr(gateways, "USAGE_SECONDS", 0.2)
    says(upstream, line({"content": "all of it"}), END, then=8, drips=drips)
    started = time.monotonic()
    assert ask(upstream).content == "all of it"
    assert time.monotonic() - started < 6


def test_usage_that_comes_a_little_after_the_reason_to_stop_is_counted(upstream: FakeUpstream) -> None:
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 31, "completion_tokens": 4}}\n\n'
    says(upstream, line({"content": "a"}), END, *[b": wait\n\n"] * 100, usage, DONE)
    done = ask(upstream)
    assert (done.prompt_tokens, done.completion_tokens) == (31, 4)


@pytest.mark.parametrize("broken", [b"data: {half", b'data: {"error": {"code": 500}}\n\n', b""])
def test_what_goes_wrong_after_the_reason_to_stop_takes_nothing_back(upstream: FakeUpstream, broken: bytes) -> None:
    says(upstream, line({"content": "a"}), END, broken)
    assert ask(upstream).content == "a"


USAGES = {
    "the last of several that grow": ([{"prompt_tokens": 9, "completion_tokens": n} for n in (1, 5, 8)], (9, 8)),
    "a later one that forgot": ([{"prompt_tokens": 9, "completion_tokens": 8}, {"prompt_tokens": 0}], (9, 8)),
    "a later one of nothing": ([{"prompt_tokens": 9, "completion_tokens": 8}, {}, None], (9, 8)),
    "whole numbers with a point": ([{"prompt_tokens": 9.0, "completion_tokens": 8.0}], (9, 8)),
    "numbers below nothing": ([{"prompt_tokens": -9, "completion_tokens": -8}], (None, None)),
    "one number below nothing": ([{"prompt_tokens": -1, "completion_tokens": 8}], (None, 8)),
    "numbers that are none": ([{"prompt_tokens": "9", "completion_tokens": True}], (None, None)),
    "more than there can be": ([{"prompt_tokens": 10**40, "completion_tokens": 1e300}], (10**9, 10**9)),
    "no number at all": ([{"prompt_tokens": float("nan"), "completion_tokens": float("inf")}], (None, None)),
}


@pytest.mark.parametrize("usages", USAGES)
def test_usage_counts_as_it_was_meant(usages: str) -> None:
    said, counted = USAGES[usages]
    progress = Progress()
    for usage in said:
        progress.note_usage(usage)
    assert (progress.prompt_tokens, progress.completion_tokens) == counted
