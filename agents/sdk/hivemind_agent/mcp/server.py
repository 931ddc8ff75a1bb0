"""One MCP session over two streams. Tools run beside each other; everything else is answered in order."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from . import protocol
from .offer import Offer, UnknownTool
from .protocol import Message, RpcError

NAME = "hivemind"
VERSION = "1.0"
TOOLS_AT_ONCE = 4


class Session:
    """The state of one session: whether it was opened, what runs, what was called off."""

    def __init__(self, sink: BinaryIO, offer: Offer) -> None:
        self._sink = sink
        self._offer = offer
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(TOOLS_AT_ONCE, thread_name_prefix="tool")
        self._opened = False
        self._running: set[Any] = set()
        self._called_off: set[Any] = set()

    def take(self, line: bytes) -> None:
        """Answer one line."""
        try:
            message = protocol.parse(line)
        except RpcError as error:
            self._send(protocol.failure(None, error))
            return
        if isinstance(message, list):
            self._batch(message)
        else:
            self._one(message)

    def close(self) -> None:
        """Wait for the tools that still run."""
        self._pool.shutdown(wait=True)

    def _batch(self, messages: list[Any]) -> None:
        if not messages:
            self._send(protocol.failure(None, RpcError(protocol.INVALID_REQUEST, "An empty batch")))
        for message in messages:  # answered one by one, which a batch allows to be told apart by their ids
            self._one(message)

    def _one(self, message: Any) -> None:
        if protocol.is_answer(message):
            return
        identifier = message.get("id") if isinstance(message, dict) else None
        try:
            checked = protocol.check(message)
            if not protocol.is_request(checked):
                self._notified(checked)
            elif checked["method"] == "tools/call":
                self._start(identifier, checked.get("params", {}))
            else:
                self._send(protocol.result(identifier, self._answer(checked)))
        except RpcError as error:
            known = identifier if isinstance(identifier, (str, int, float)) else None
            self._send(protocol.failure(known, error))

    def _notified(self, message: Message) -> None:
        if message["method"] == "notifications/cancelled":
            identifier = message.get("params", {}).get("requestId")
            with self._lock:
                if isinstance(identifier, (str, int)) and identifier in self._running:
                    self._called_off.add(identifier)

    def _answer(self, message: Message) -> Any:
        method, params = message["method"], message.get("params", {})
        if method == "initialize":
            self._opened = True
            return {
                "protocolVersion": protocol.negotiated(params.get("protocolVersion")),
                "capabilities": {"tools": {"listChanged": False}},
                "serverInfo": {"name": NAME, "version": VERSION},
            }
        if method == "ping":
            return {}
        if method == "tools/list":
            self._need_open()
            return {"tools": self._offer.listed()}
        raise RpcError(protocol.METHOD_NOT_FOUND, f"Method not found: {method[:100]}")

    def _start(self, identifier: Any, params: Message) -> None:
        self._need_open()
        name, arguments = params.get("name"), params.get("arguments", {})
        if not isinstance(name, str) or not isinstance(arguments, (dict, type(None))):
            raise RpcError(protocol.INVALID_PARAMS, "tools/call takes a name and an object of arguments")
        if not any(tool["name"] == name for tool in self._offer.listed()):
            raise RpcError(protocol.INVALID_PARAMS, f"Unknown tool: {name[:100]}")
        with self._lock:
            if identifier in self._running:
                raise RpcError(protocol.INVALID_REQUEST, "A request with this id is still running")
            self._running.add(identifier)
        self._pool.submit(self._carry_out, identifier, name, arguments or {})

    def _carry_out(self, identifier: Any, name: str, arguments: Message) -> None:
        try:
            answer = protocol.result(identifier, self._offer.call(name, arguments))
        except UnknownTool:
            answer = protocol.failure(identifier, RpcError(protocol.INVALID_PARAMS, f"Unknown tool: {name[:100]}"))
        except Exception as problem:  # noqa: BLE001 - the edge of a request: it has to be answered
            print(f"A tool failed: {type(problem).__name__}", file=sys.stderr)
            answer = protocol.failure(identifier, RpcError(protocol.INTERNAL_ERROR, "Internal error"))
        with self._lock:
            self._running.discard(identifier)
            unwanted = identifier in self._called_off
            self._called_off.discard(identifier)
        if not unwanted:
            self._send(answer)

    def _need_open(self) -> None:
        if not self._opened:
            raise RpcError(protocol.INVALID_REQUEST, "The session has not been initialized")

    def _send(self, message: Message) -> None:
        with self._lock:
            self._sink.write(protocol.encoded(message))
            self._sink.flush()


def serve(source: BinaryIO, sink: BinaryIO, offer: Offer) -> None:
    """Answer line after line until ``source`` ends or nobody reads ``sink`` any more."""
    session = Session(sink, offer)
    try:
        while True:
            line = source.readline(protocol.LARGEST_MESSAGE_BYTES + 1)
            if not line:
                return
            if line.strip():
                session.take(line)
                _skip_rest(source, line)
    except BrokenPipeError:
        return
    finally:
        session.close()


def _skip_rest(source: BinaryIO, line: bytes) -> None:
    """Read over what is left of a line that was too long."""
    while line and not line.endswith(b"\n"):
        line = source.readline(protocol.LARGEST_MESSAGE_BYTES + 1)
