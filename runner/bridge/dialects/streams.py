"""Writing server-sent events to an agent."""

from __future__ import annotations

from aiohttp import web

SSE_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}


class EventStream:
    """An event stream that opens with its first event, so that an error before it can still have a status."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.response = web.StreamResponse(headers=SSE_HEADERS)
        self.started = False

    async def send(self, *events: str) -> None:
        """Write events, each complete but for its closing blank line. Raises `ConnectionError`."""
        if not self.started:
            self.started = True
            await self.response.prepare(self._request)
        await self.response.write("".join(f"{event}\n\n" for event in events).encode("utf-8", "replace"))

    async def end(self) -> None:
        """Write the last bytes."""
        await self.response.write_eof()
