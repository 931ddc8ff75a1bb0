"""Model services that break the protocol below: each ends in time, as our own error or as the answer that it was."""

from __future__ import annotations

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable

import pytest

from runner.llm.completions import Completion
from runner.llm.errors import UpstreamError
from runner.llm.gateway import Gateway, UpstreamCall
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy

BODY = json.dumps({"choices": [{"message": {"content": "here"}}]}).encode()
JSON, SSE = b"Content-Type: application/json\r\n", b"Content-Type: text/event-stream\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
EVENT = b'data: {"choices": [{"delta": {"content": "here"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'

Bytes = Callable[[], AsyncIterator[bytes]]


def once(*pieces: bytes) -> Bytes:
    async def said() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return said


def endless(head: bytes, piece: bytes, *, pause: float = 0.0) -> Bytes:
    async def said() -> AsyncIterator[bytes]:
        yield head
        while True:
            yield piece
            await asyncio.sleep(pause)

    return said


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def ask(said: Bytes, *, stays: bool = False) -> Completion:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            async for piece in said():
                writer.write(piece)
                await writer.drain()
            if stays:
                await asyncio.sleep(30)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    gateway = Gateway(retries=RetryPolicy(attempts=1))
    provider = Provider("p", url, "sk-operator", timeout_seconds=0.4, connect_seconds=0.4)
    try:
        async with asyncio.timeout(15):
            return await gateway.chat(UpstreamCall(LlmRoute(provider, "m"), b"{}", time.monotonic() + 4))
    finally:
        await gateway.aclose()
        server.close()


ANSWERS = {
    "without a length": once(b"HTTP/1.0 200 OK\r\n" + JSON + b"\r\n" + BODY),
    "without a reason": once(b"HTTP/1.1 200\r\n" + JSON + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY),
    "byte by byte": once(*(bytes([byte]) for byte in OK + JSON + b"Connection: close\r\n\r\n" + BODY)),
    "after a hint": once(
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + JSON + b"Connection: close\r\n\r\n" + BODY
    ),
    "a stream in odd chunks": once(
        OK + SSE + b"Transfer-Encoding: chunked\r\n\r\n",
        *(chunk(EVENT[n : n + 7]) for n in range(0, len(EVENT), 7)),
        b"0\r\n\r\n",
    ),
    "a stream that is cut after its end": once(OK + SSE + b"Transfer-Encoding: chunked\r\n\r\n", chunk(EVENT)),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_is_understood(case: str) -> None:
    assert asyncio.run(ask(ANSWERS[case])).content == "here"


FAULTS = {
    "nothing": once(),
    "no protocol": once(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "another version": once(b"HTTP/9.9 200 OK\r\n\r\n"),
    "a page of headers": once(OK + b"X: " + b"y" * 10_000_000 + b"\r\n\r\n" + BODY),
    "headers without end": endless(OK, b"X-Y: z\r\n"),
    "headers that drip": endless(OK, b"X", pause=0.05),
    "hints without end": endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.01),
    "less than was promised": once(OK + JSON + b"Content-Length: 9999\r\n\r\n" + BODY),
    "a length below nothing": once(OK + JSON + b"Content-Length: -5\r\n\r\n" + BODY),
    "two lengths": once(OK + JSON + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n" + BODY),
    "a chunk without a size": once(OK + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY),
    "a chunk larger than there is": once(OK + JSON + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + BODY),
    "a size without end": endless(OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 1000),
    "a stream that is cut": once(OK + SSE + b"Transfer-Encoding: chunked\r\n\r\n", chunk(b'data: {"choices": [{"del')),
    "another protocol": once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
    "a packed answer": once(OK + JSON + b"Content-Encoding: br\r\nConnection: close\r\n\r\n" + BODY),
}


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_an_error_of_ours_soon(case: str, stays: bool) -> None:
    tracemalloc.start()
    with pytest.raises(UpstreamError) as failure:
        asyncio.run(ask(FAULTS[case], stays=stays))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    ends = {"upstream_broken", "upstream_garbled", "upstream_timeout", "upstream_rejected"}
    # What flows without end is only ended with its stage.
    assert failure.value.code in ({"deadline_reached"} if case == "a size without end" else ends)
    assert failure.value.__cause__ is None
    assert peak < 40_000_000
