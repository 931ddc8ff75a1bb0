"""Connections to a model service are kept where an answer has ended, and ended where it goes on."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from runner.llm.errors import UpstreamError
from runner.llm.gateway import Gateway, UpstreamCall
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy
from tests.runner.llm.fake_upstream import FakeUpstream


class Lines:
    """Notes by which connection each call came, and answers with what comes after the end of a stream."""

    def __init__(self, upstream: FakeUpstream, *, pause: float = 0.0, more: bool = False) -> None:
        self.ports: list[int] = []
        self._pause, self._more = pause, more
        upstream.default = self._script

    async def _script(self, request: web.Request, _body: dict) -> web.StreamResponse:
        self.ports.append(request.transport.get_extra_info("peername")[1])
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chunk = {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n")
        await asyncio.sleep(self._pause)
        await response.write(b": end\n\n")
        while self._more:
            await response.write(b": more\n\n")
            await asyncio.sleep(0.01)
        return response


def with_gateway(upstream: FakeUpstream, work: Callable[[Callable[[], Awaitable]], Awaitable], **provider) -> None:
    async def main() -> None:
        gateway = Gateway(retries=RetryPolicy(base_seconds=0.01))
        route = LlmRoute(Provider("p", upstream.url, "k", **provider), "m")
        try:
            await work(lambda: gateway.chat(UpstreamCall(route, b"{}")))
        finally:
            await gateway.aclose()

    asyncio.run(main())


async def three_in_a_row(ask: Callable[[], Awaitable]) -> None:
    for _ in range(3):
        assert (await ask()).content == "x"


def test_a_stream_that_ends_gives_its_connection_back(upstream: FakeUpstream) -> None:
    lines = Lines(upstream)
    with_gateway(upstream, three_in_a_row)
    assert len(set(lines.ports)) == 1


@pytest.mark.parametrize("options", [{"more": True}, {"pause": 0.5}])
def test_a_stream_that_goes_on_after_its_end_takes_its_connection_with_it(
    upstream: FakeUpstream, options: dict
) -> None:
    lines = Lines(upstream, **options)
    with_gateway(upstream, three_in_a_row)
    assert len(set(lines.ports)) == 3


def test_a_kept_connection_that_the_service_has_closed_meanwhile_is_not_seen_by_the_agent(
    upstream: FakeUpstream,
) -> None:
    async def script(request: web.Request, _body: dict) -> web.StreamResponse:
        answer = web.json_response({"choices": [{"message": {"content": "x"}}]})
        asyncio.get_running_loop().call_later(0.05, request.transport.abort)
        return answer

    async def now_and_later(ask: Callable[[], Awaitable]) -> None:
        for _ in range(3):
            assert (await ask()).content == "x"
            await asyncio.sleep(0.1)

    upstream.default = script
    with_gateway(upstream, now_and_later)
    assert len(upstream.seen) == 3


def fails(url: str, body: bytes = b"{}") -> str:
    async def main() -> None:
        gateway = Gateway(retries=RetryPolicy(attempts=1))
        provider = Provider("p", url, "k", timeout_seconds=0.3, connect_seconds=1)
        try:
            await gateway.chat(UpstreamCall(LlmRoute(provider, "m"), body))
        finally:
            await gateway.aclose()

    with pytest.raises(UpstreamError) as failure:
        asyncio.run(main())
    return failure.value.code


def test_a_service_that_reads_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert fails(f"http://127.0.0.1:{deaf.getsockname()[1]}/v1", b"x" * 20_000_000) == "upstream_timeout"


def test_a_service_that_does_not_speak_tls_where_it_should_is_not_asked(upstream: FakeUpstream) -> None:
    assert fails(upstream.url.replace("http:", "https:")) == "upstream_unreachable"
    assert upstream.seen == []
