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

# Accepting, making the transport and announcing it take a turn of the loop each.
TURNS_FROM_ACCEPT_TO_DOOR = 4

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
        self._server: asyncio.Server | None = None
        self._door: Door | None = None

    async def start(self, sock: socket.socket) -> None:
        """Serve a bound socket."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise BridgeNotRunning("the stage has no server")
        self._door = door = Door(server, limits=self._stage.limits)
        self._stage.note_arrival = door.note_arrival
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(door, sock=sock, backlog=ACCEPTS_PER_TURN)
        sock.listen(KERNEL_QUEUE)

    async def stop(self) -> None:
        """Take no more requests, cancel those in flight and close every connection."""
        self._stage.closing = True
        if self._server is not None and self._door is not None:
            self._door.shut()
            await _turn_away(self._server)
        running = [task for task in self._stage.tasks if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=CANCEL_SECONDS)
        await self._runner.cleanup()


async def _turn_away(server: asyncio.Server) -> None:
    """Close the listening socket once everybody who has been accepted has met the shut door.

    Closed at once, the server would drop who is between the two without closing the connection.
    """
    loop = asyncio.get_running_loop()
    for sock in server.sockets:
        loop.remove_reader(sock.fileno())
    for _ in range(TURNS_FROM_ACCEPT_TO_DOOR):
        await asyncio.sleep(0)
    server.close()
