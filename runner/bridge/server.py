"""The bridge: one thread with one loop that serves the sockets of all the stages of a process.

Each stage has its own listening socket, its own application, its own token and its own limits; they share the
loop and the client that speaks to models.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from runner.bridge.errors import BridgeNotRunning
from runner.bridge.limits import BridgeLimits
from runner.bridge.listener import StageListener
from runner.bridge.sessions import StageSession
from runner.bridge.stage import LiveStage
from runner.bridge.usage import StageUsage
from runner.llm.gateway import Gateway
from runner.llm.retries import RetryPolicy

T = TypeVar("T")
log = logging.getLogger("runner.bridge")

SWITCH_INTERVAL_SECONDS = 0.001

# Two connections for each model call of every stage that a process may serve, and then some.
OPEN_FILES = 16_384


class OpenStage:
    """A stage that is being served. Made by `Bridge.open`."""

    def __init__(self, bridge: Bridge, *, stage: LiveStage, listener: StageListener) -> None:
        self._bridge = bridge
        self._stage = stage
        self._listener = listener
        self._lock = threading.Lock()
        self._usage: StageUsage | None = None

    def usage(self) -> StageUsage:
        """What the stage has used up to now, or had used when it was closed."""
        return self._usage or self._stage.usage()

    def close(self) -> StageUsage:
        """End the stage and return what it has used. May be called again, and from any thread of the caller's.

        Requests and model calls in flight are cancelled, tools that run are interrupted and waited for. When
        this returns, nothing of the stage goes on, unless `abandoned_tool_calls` says that a tool outlasted
        the session's grace.
        """
        with self._lock:
            if self._usage is None:
                self._usage = self._close()
            return self._usage

    def _close(self) -> StageUsage:
        session = self._stage.session
        with contextlib.suppress(BridgeNotRunning):
            self._bridge._run(self._listener.stop())
        self._bridge._forget(self)
        self._stage.workers.stop()
        if session.simulator is not None:
            session.simulator.stop()
        if session.interrupt_tools is not None and self._stage.workers.busy:
            session.interrupt_tools()
        abandoned = self._stage.workers.drain(session.close_grace_seconds)
        if abandoned:
            log.error("stage closed with tool calls still running: count=%d", abandoned)
        return self._stage.usage(abandoned_tool_calls=abandoned)


class Bridge:
    """Serves the stages of this process. Thread-safe."""

    def __init__(self, *, limits: BridgeLimits | None = None, retries: RetryPolicy | None = None) -> None:
        self._limits = limits or BridgeLimits()
        self._retries = retries
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._gateway: Gateway | None = None
        self._open: set[OpenStage] = set()

    def start(self) -> None:
        """Start the thread; nothing happens when it runs already.

        Lowers the interpreter's switch interval for the whole process: at its usual 5 ms a busy thread makes
        each of the two hand-overs in a tool call wait that long. Lets the process open more files, as far as it may:
        the usual 1,024 are fewer than the connections that agents may open.
        """
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL_SECONDS))
        _allow_open_files()
        with self._lock:
            if self._loop is not None:
                return
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(_log_loop_error)
            self._thread = threading.Thread(target=_serve, args=(loop,), name="bridge", daemon=True)
            self._thread.start()
            self._loop = loop
        self._gateway = self._run(self._make_gateway())

    def stop(self) -> None:
        """Close every stage and end the thread; nothing happens when it does not run."""
        for stage in list(self._open):
            stage.close()
        with self._lock:
            loop, self._loop = self._loop, None
            thread, gateway = self._thread, self._gateway
        if loop is None or thread is None:
            return
        if gateway is not None:
            asyncio.run_coroutine_threadsafe(gateway.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def open(self, session: StageSession, sock: socket.socket) -> OpenStage:
        """Serve a stage on a socket that is bound and will be closed with the stage, whatever happens.

        Raises `BridgeNotRunning`.
        """
        try:
            if self._gateway is None:
                raise BridgeNotRunning("the bridge is not running")
            stage = LiveStage(session, gateway=self._gateway, limits=self._limits)
            listener = self._run(_listening(stage, sock))
        except BaseException:
            sock.close()
            raise
        opened = OpenStage(self, stage=stage, listener=listener)
        with self._lock:
            self._open.add(opened)
        return opened

    async def _make_gateway(self) -> Gateway:
        return Gateway(retries=self._retries)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        loop = self._loop
        if loop is None:
            work.close()
            raise BridgeNotRunning("the bridge is not running")
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    def _forget(self, stage: OpenStage) -> None:
        with self._lock:
            self._open.discard(stage)


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _listening(stage: LiveStage, sock: socket.socket) -> StageListener:
    listener = StageListener(stage)
    await listener.start(sock)
    return listener


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        _cancel_leftovers(loop)
    finally:
        loop.close()


def _cancel_leftovers(loop: asyncio.AbstractEventLoop) -> None:
    leftovers = asyncio.all_tasks(loop)
    for task in leftovers:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*leftovers, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    log.error("bridge loop error: type=%s", type(error).__name__ if error else "none")
