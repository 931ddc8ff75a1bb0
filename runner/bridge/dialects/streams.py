"""Writing server-sent events to an agent."""

from __future__ import annotations

import asyncio

from aiohttp import web

# Agents wait a minute or more for the next byte; a long thought or a long tool call takes more than that.
SILENCE_SECONDS = 10.0

# An agent that takes nothing for so long has left, though its connection stands: what it holds of the model is ended.
UNREAD_SECONDS = 60.0

SSE_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}


class EventStream:
    """An event stream that opens with its first event, so that an error before it can still have a status."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.response = web.StreamResponse(headers=SSE_HEADERS)
        self.started = False
        self._sent_at = 0.0

    async def send(self, *events: str) -> None:
        """Write events, each complete but for its closing blank line.

        Raises `ConnectionError`, also when the agent does not read.
        """
        if not self.started:
            self.started = True
            await self.response.prepare(self._request)
        self._sent_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(UNREAD_SECONDS):
                await self.response.write("".join(f"{event}\n\n" for event in events).encode("utf-8", "replace"))
        except TimeoutError:
            raise ConnectionResetError("the agent does not read") from None

    @property
    def silent(self) -> bool:
        """Whether nothing has been sent for so long that a sign of life is due."""
        return asyncio.get_running_loop().time() - self._sent_at >= SILENCE_SECONDS

    async def end(self) -> None:
        """Write the last bytes."""
        await self.response.write_eof()
