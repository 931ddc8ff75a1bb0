"""A model service that answers over real HTTP, for the tests of the gateway and the bridge."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

# What every request has that the gateway makes for a stage.
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}

Script = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def completion(text: str | None = "hello", **message: Any) -> dict[str, Any]:
    """A whole answer as a model service gives it; keyword arguments go into the message."""
    reason = message.pop("finish_reason", "tool_calls" if message.get("tool_calls") else "stop")
    usage = message.pop("usage", {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18})
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    return {"id": "gen-1", "object": "chat.completion", "model": "upstream", "choices": [choice], "usage": usage}


@dataclass
class Seen:
    """One request that reached the model service."""

    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class FakeUpstream:
    """Answers with the scripts that were queued, then with `default`; remembers what it was asked."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    default: Script | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def answer(self, payload: object = None, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Queue a JSON answer."""

        async def script(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
            return web.json_response(completion() if payload is None else payload, status=status, headers=headers)

        self.scripts.append(script)

    def stream(
        self, *deltas: dict[str, Any], finish: str | None = "stop", pause: float = 0.0, done: bool = True
    ) -> None:
        """Queue a streamed answer; `finish=None` breaks it off, `pause` waits after each delta."""

        async def script(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            try:
                for delta in deltas:
                    await response.write(b": keep-alive\n\n" + _event({"choices": [{"index": 0, "delta": delta}]}))
                    await asyncio.sleep(pause)
            except (asyncio.CancelledError, ConnectionError):
                self.cancelled.set()
                raise
            if finish is not None:
                await response.write(_event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}))
                usage = {"prompt_tokens": 20, "completion_tokens": 5}
                await response.write(_event({"choices": [], "usage": usage}))
            if done and finish is not None:
                await response.write(b"data: [DONE]\n\n")
            return response

        self.scripts.append(script)

    def hang(self, seconds: float) -> None:
        """Queue an answer that comes late."""

        async def script(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
            return web.json_response(completion("late"))

        self.scripts.append(script)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        self.seen.append(Seen(dict(request.headers), body))
        script = self.scripts.pop(0) if self.scripts else self.default
        if script is None:
            return web.json_response(completion())
        return await script(request, body)


def _event(payload: object) -> bytes:
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


@contextlib.contextmanager
def serving() -> Iterator[FakeUpstream]:
    """The service on a port of its own, in a thread of its own."""
    fake = FakeUpstream()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    def main() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(_serve(fake))
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


async def _serve(fake: FakeUpstream) -> web.AppRunner:
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/api/v1/chat/completions", fake.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1"
    return runner
