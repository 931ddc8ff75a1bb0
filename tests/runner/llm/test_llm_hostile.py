"""Model services that answer with anything but an answer: each ends soon, in few bytes of memory, as an error."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
import tracemalloc
import zlib

import pytest
from aiohttp import web

from runner.llm import intake, sse
from runner.llm.errors import UpstreamError
from runner.llm.gateway import Gateway, UpstreamCall
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy
from tests.runner.llm.fake_upstream import completion

STREAM, WHOLE = "text/event-stream", "application/json"


def fails(url: str, *, max_bytes: int = 1_000_000, seconds: float = 20.0) -> UpstreamError:
    async def main():
        gateway = Gateway(retries=RetryPolicy(base_seconds=0.01), max_response_bytes=max_bytes)
        route = LlmRoute(Provider("p", url, "sk-operator", timeout_seconds=5), "m")
        try:
            await gateway.chat(UpstreamCall(route, b"{}", time.monotonic() + seconds))
        finally:
            await gateway.aclose()

    with pytest.raises(UpstreamError) as failure:
        asyncio.run(main())
    return failure.value


def answers(upstream, body: bytes, *, status: int = 200, times: int = 1, **headers: str) -> None:
    async def script(_request, _body):
        return web.Response(body=body, status=status, headers={"Content-Type": WHOLE, **headers})

    upstream.scripts += [script] * times


@pytest.mark.parametrize("kind", [STREAM, WHOLE])
@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_answer_was_not_asked_for_and_is_not_unpacked(upstream, kind, encoding, pack):
    bomb = pack(b"data: " + b"0" * 50_000_000)
    answers(upstream, bomb, **{"Content-Encoding": encoding, "Content-Type": kind})
    tracemalloc.start()
    error = fails(upstream.url)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.code == "upstream_garbled"
    assert peak < 10_000_000
    assert upstream.seen[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "upstream_garbled"),
        (b"<html>sign in</html>", "upstream_garbled"),
        (b'{"choices": []}', "upstream_garbled"),
        (b'{"choices": [{"message": "text"}]}', "upstream_garbled"),
        (b'{"choices": [{"message": {"tool_calls": ["x"]}}]}', "upstream_garbled"),
        (b"[" * 100_000, "upstream_garbled"),
        (b"[" + b"{}," * 260_000 + b"{}]", "upstream_too_long"),
        (b'{"choices": ' + b"9" * 5_000 + b"}", "upstream_garbled"),
        (b"\xff\xfe\x00", "upstream_garbled"),
        (b'"' + b"x" * 2_000_000 + b'"', "upstream_too_long"),
    ],
)
def test_nonsense_is_an_error(upstream, body, code):
    answers(upstream, body)
    assert fails(upstream.url).code == code


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 307, 308, 402, 418])
def test_any_status_but_200_is_no_answer_and_leads_nowhere(upstream, status):
    answers(upstream, b'{"choices": [{"message": {"content": "x"}}]}', status=status, Location=upstream.url + "/other")
    assert fails(upstream.url).code == "upstream_rejected"
    assert len(upstream.seen) == 1


def test_a_stream_of_too_many_parts_is_cut_off(upstream, monkeypatch):
    monkeypatch.setattr(intake, "MAX_STRUCTURES_IN_ALL", 1_000)
    upstream.stream(*[{"reasoning_details": [{}] * 50}] * 30)
    assert fails(upstream.url).code == "upstream_too_long"


def test_reasoning_nested_beyond_all_bounds_is_an_error(upstream):
    nested = b"[" * 900 + b"]" * 900
    answers(
        upstream,
        b'data: {"choices": [{"delta": {"reasoning_details": [' + nested + b"]}}]}\n\n",
        times=3,
        **{"Content-Type": STREAM},
    )
    assert fails(upstream.url).code in {"upstream_garbled", "upstream_broken"}


def test_more_tool_calls_than_any_model_makes_are_cut_off(upstream):
    calls = [{"id": f"c{n}", "function": {"name": "f", "arguments": "{}"}} for n in range(300)]
    upstream.stream({"tool_calls": calls})
    assert fails(upstream.url).code == "upstream_too_long"


@pytest.mark.parametrize("kind", [STREAM, WHOLE])
def test_an_answer_that_drips_ends_with_the_stage(upstream, kind):
    async def drip(request, _body):
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        while True:
            await response.write(b":")
            await asyncio.sleep(0.02)

    upstream.default = drip
    started = time.monotonic()
    assert fails(upstream.url, seconds=0.5).code == "deadline_reached"
    assert time.monotonic() - started < 2


def test_a_line_that_never_ends_is_cut_off_and_costs_no_more_than_its_length(monkeypatch):
    monkeypatch.setattr(sse, "MAX_LINE_BYTES", 400_000)

    async def bytes_one_by_one():
        while True:
            yield b"x"

    async def read():
        async for _ in sse.data_lines(bytes_one_by_one(), max_bytes=10_000_000):
            raise AssertionError("there is no line in it")

    started = time.process_time()
    with pytest.raises(UpstreamError, match="upstream_too_long"):
        asyncio.run(read())
    assert time.process_time() - started < 5


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_are_found_however_they_are_cut(size):
    text = b": note\r\n\r\ndata: one\r\ndata:two\n\nevent: x\ndata:  three  \n\ndata: last"

    async def cut():
        for start in range(0, len(text), size):
            yield text[start : start + size]

    async def read():
        return [line async for line in sse.data_lines(cut(), max_bytes=1000)]

    assert asyncio.run(read()) == [b"one", b"two", b"three", b"last"]


def test_nothing_that_upstream_wrote_is_in_the_error(upstream):
    secret = json.dumps({"error": {"message": "sk-operator said: the prompt was secret-row"}}).encode()
    for status in (200, 400, 500):
        answers(upstream, secret, status=status, times=3)
        error = fails(upstream.url)
        upstream.scripts.clear()
        assert "secret-row" not in f"{error!r} {error} {error.__dict__}"
        assert "sk-operator" not in f"{error!r} {error} {error.__dict__}"


def test_cookies_are_neither_kept_nor_logged(upstream, caplog):
    caplog.set_level(logging.DEBUG)
    cookies = {"Set-Cookie": "bad name secret-row{}=1; Path=/"}

    async def script(_request, _body):
        return web.json_response(completion(), headers=cookies)

    upstream.default = script

    async def main():
        gateway = Gateway()
        call = UpstreamCall(LlmRoute(Provider("p", upstream.url, "sk-operator"), "m"), b"{}")
        for kind in ("bad name secret-row{}=1", "good=secret-row"):
            cookies["Set-Cookie"] = kind
            await gateway.chat(call)
        await gateway.aclose()

    asyncio.run(main())
    assert len(upstream.seen) == 2
    assert not any("Cookie" in seen.headers for seen in upstream.seen)
    assert "secret-row" not in caplog.text
