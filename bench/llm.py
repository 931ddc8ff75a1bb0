"""What the model gateway adds to a model service: `python -m bench.llm [--rounds 200] [--parallel 50]`.

The service is scripted, on loopback, in a process of its own; so is the client. Both talk once to each other and once
through the bridge, turn by turn, so that a busy machine weighs on both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import socket
import statistics
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from runner.bridge.budget import Budget
from runner.bridge.server import Bridge
from runner.bridge.sessions import StageSession
from runner.llm.providers import LlmRoute, Provider

TOKEN = "bench-session-token-0123456789"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
FIRST_SECONDS, WHOLE_SECONDS, CHUNKS = 0.02, 0.5, 20
ASK = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "x" * 3000}]}
# The gateway asks for every answer as a stream, so the cap says which kind is measured.
ASK_WHOLE = {**ASK, "max_tokens": 65}


class NoTools:
    """A stage without tools."""

    def list_openai(self) -> list[dict[str, Any]]:
        return []

    def call(self, _name: str, _arguments: dict[str, Any], /) -> dict[str, Any]:
        return {"result": "", "error": "none"}


async def answer(request: web.Request) -> web.StreamResponse:
    """An answer in pieces that begins after FIRST_SECONDS, or one in a single piece after WHOLE_SECONDS."""
    asked = await request.json()
    whole = asked["max_tokens"] == ASK_WHOLE["max_tokens"]
    await asyncio.sleep(WHOLE_SECONDS if whole else FIRST_SECONDS)
    if not asked.get("stream"):
        message = {"role": "assistant", "content": "done"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 10}
        return web.json_response({"choices": [choice], "usage": usage})
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for _ in range(1 if whole else CHUNKS):
        await _send(response, choices=[{"index": 0, "delta": {"content": "word "}}])
    await _send(response, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    await _send(response, choices=[], usage={"prompt_tokens": 1000, "completion_tokens": CHUNKS})
    await response.write(b"data: [DONE]\n\n")
    return response


async def _send(response: web.StreamResponse, **payload: object) -> None:
    await response.write(b"data: " + json.dumps(payload).encode() + b"\n\n")


def serve(port: Any) -> None:
    """The model service: tells its port and runs until it is ended."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    sock = socket.create_server(("127.0.0.1", 0), backlog=256)
    port.put(sock.getsockname()[1])
    web.run_app(app, sock=sock, print=None, access_log=None)


@dataclass(frozen=True)
class Found:
    """Seconds: to the first text of a stream and to its end; for one whole call and for many at once."""

    first: list[float]
    end: list[float]
    single: float
    parallel: float


async def streamed(session: aiohttp.ClientSession, url: str) -> tuple[float, float]:
    """Seconds to the first text, and to the end."""
    started, first = time.perf_counter(), 0.0
    async with session.post(url, json={**ASK, "stream": True}, headers=HEADERS) as response:
        response.raise_for_status()
        async for line in response.content:
            if not first and b'"content": "word' in line:
                first = time.perf_counter() - started
    return first, time.perf_counter() - started


async def whole(session: aiohttp.ClientSession, url: str, *, calls: int) -> float:
    """Seconds until so many calls that were made at once are answered."""

    async def one() -> None:
        async with session.post(url, json=ASK_WHOLE, headers=HEADERS) as response:
            response.raise_for_status()
            await response.read()

    started = time.perf_counter()
    await asyncio.gather(*[one() for _ in range(calls)])
    return time.perf_counter() - started


async def measured(urls: list[str], rounds: int, parallel: int) -> list[Found]:
    """Everything about each address."""
    streams: list[list[tuple[float, float]]] = [[] for _ in urls]
    singles: list[list[float]] = [[] for _ in urls]
    crowds: list[list[float]] = [[] for _ in urls]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for turn in range(rounds + 10):
            for place, url in enumerate(urls):
                seconds = await streamed(session, url)
                if turn >= 10:
                    streams[place].append(seconds)
        for _ in range(10):
            for place, url in enumerate(urls):
                singles[place].append(await whole(session, url, calls=1))
                crowds[place].append(await whole(session, url, calls=parallel))
    return [
        Found([s[0] for s in streams[i]], [s[1] for s in streams[i]], _median(singles[i]), _median(crowds[i]))
        for i in range(len(urls))
    ]


def _median(values: list[float]) -> float:
    return statistics.median(values)


def client(urls: list[str], rounds: int, parallel: int, results: Any) -> None:
    """The agent's side, in a process of its own."""
    results.put(asyncio.run(measured(urls, rounds, parallel)))


def report(direct: Found, through: Found, *, parallel: int) -> None:
    """Print what was found."""
    for name, a, b in (("first text", direct.first, through.first), ("whole stream", direct.end, through.end)):
        cuts_a, cuts_b = statistics.quantiles(a, n=100), statistics.quantiles(b, n=100)
        added = [(cuts_b[place] - cuts_a[place]) * 1000 for place in (49, 94)]
        print(
            f"{name:<13} direct p50 {cuts_a[49] * 1000:6.1f} ms   through p50 {cuts_b[49] * 1000:6.1f} ms   "
            f"added p50 {added[0]:5.1f} ms, p95 {added[1]:5.1f} ms"
        )
    for name, found in (("direct", direct), ("through", through)):
        ratio = found.parallel / found.single
        print(
            f"{name:<13} one call {found.single * 1000:6.0f} ms   {parallel} at once {found.parallel * 1000:6.0f} ms   "
            f"{ratio:4.2f} x"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=50)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ports, results = context.Queue(), context.Queue()
    service = context.Process(target=serve, args=(ports,), daemon=True)
    service.start()
    upstream = f"http://127.0.0.1:{ports.get()}/v1"
    bridge = Bridge()
    bridge.start()
    sock = socket.create_server(("127.0.0.1", 0))
    urls = [f"{upstream}/chat/completions", f"http://127.0.0.1:{sock.getsockname()[1]}/v1/chat/completions"]
    route = LlmRoute(Provider("bench", upstream, "none"), "m")
    calls = options.rounds + 1000 + 10 * options.parallel
    budget = Budget(calls, 10_000_000_000)
    bridge.open(StageSession(role="query", token=TOKEN, tools=NoTools(), budget=budget, llm=route), sock)
    asking = context.Process(target=client, args=(urls, options.rounds, options.parallel, results))
    asking.start()
    direct, through = results.get()
    asking.join()
    bridge.stop()
    service.terminate()
    report(direct, through, parallel=options.parallel)


if __name__ == "__main__":
    main()
