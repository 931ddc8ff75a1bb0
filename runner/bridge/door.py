"""Who is let in: a bounded number of connections, each of which has to say something soon."""

from __future__ import annotations

import asyncio
import weakref

from aiohttp import web

from runner.bridge.limits import BridgeLimits

FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Door:
    """Makes the protocol of each new connection of one stage."""

    def __init__(self, server: web.Server, *, limits: BridgeLimits) -> None:
        self._server = server
        self._limits = limits
        self._shut = False
        self._arrived: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()

    def __call__(self) -> asyncio.BaseProtocol:
        return _Doorman(self)

    def shut(self) -> None:
        """Let nobody in any more, not even who has been accepted and not yet greeted."""
        self._shut = True

    def note_arrival(self, transport: asyncio.BaseTransport | None) -> None:
        """A whole request head has come over this connection; it may stay."""
        if transport is not None:
            self._arrived.add(transport)

    def admit(self, transport: asyncio.Transport) -> None:
        """Hand the connection to the HTTP server, or turn it away."""
        if self._shut:
            transport.abort()
            return
        if len(self._server.connections) >= self._limits.max_connections:
            transport.write(FULL)
            transport.close()
            return
        protocol = self._server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        loop = asyncio.get_running_loop()
        loop.call_later(self._limits.header_seconds, self._expire, weakref.ref(transport))

    def _expire(self, reference: weakref.ref[asyncio.Transport]) -> None:
        transport = reference()
        if transport is not None and transport not in self._arrived:
            transport.abort()


class _Doorman(asyncio.Protocol):
    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._door.admit(transport)
