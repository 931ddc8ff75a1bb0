"""One stage's HTTP server on the shared loop."""

from __future__ import annotations

import asyncio
import logging
import socket

from aiohttp import web

from runner.bridge.app import build_app
from runner.bridge.door import Door
from runner.bridge.errors import BridgeNotRunning
from runner.bridge.stage import LiveStage

# Few connections are taken in per turn of the loop, so that a flood on one socket does not hold up the
# others; the kernel keeps the rest in line.
ACCEPTS_PER_TURN = 16
KERNEL_QUEUE = 128

LINGER_SECONDS = 2.0
CANCEL_SECONDS = 5.0

# What the HTTP library would log of a bad request quotes the request.
_silent = logging.Logger("runner.bridge.http")
_silent.addHandler(logging.NullHandler())
_silent.disabled = True


class StageListener:
    """The listener of one stage. All methods belong to the bridge's loop."""

    def __init__(self, stage: LiveStage) -> None:
        self._stage = stage
        self._runner = web.AppRunner(
            build_app(stage),
            access_log=None,
            logger=_silent,
            handler_cancellation=True,
            shutdown_timeout=CANCEL_SECONDS,
            keepalive_timeout=stage.limits.keepalive_seconds,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,
        )
        self._listener: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        """Serve a bound socket."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise BridgeNotRunning("the stage has no server")
        door = Door(server, limits=self._stage.limits)
        self._stage.note_arrival = door.note_arrival
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(door, sock=sock, backlog=ACCEPTS_PER_TURN)
        sock.listen(KERNEL_QUEUE)

    async def stop(self) -> None:
        """Take no more requests, cancel those in flight and close every connection."""
        self._stage.closing = True
        if self._listener is not None:
            self._listener.close()
        running = [task for task in self._stage.tasks if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=CANCEL_SECONDS)
        await self._runner.cleanup()
