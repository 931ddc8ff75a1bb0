"""JSON-RPC 2.0 and the versions of the Model Context Protocol: reading messages and writing answers."""

from __future__ import annotations

import json
from typing import Any

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
LARGEST_MESSAGE_BYTES = 8 * 1024 * 1024

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

Message = dict[str, Any]


class RpcError(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def negotiated(wanted: Any) -> str:
    """The version to speak: the one that the client wants when it is known, else our newest."""
    return wanted if wanted in VERSIONS else VERSIONS[0]


def parse(line: bytes) -> Any:
    """The JSON of one line. Raises RpcError."""
    if len(line) > LARGEST_MESSAGE_BYTES:
        raise RpcError(INVALID_REQUEST, "The message is too large")
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise RpcError(PARSE_ERROR, "Parse error") from None


def is_request(message: Message) -> bool:
    """Whether it wants an answer; without an id it is a notification."""
    return "id" in message


def check(message: Any) -> Message:
    """The message when it has the shape of a request or notification. Raises RpcError."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "Not a JSON-RPC 2.0 message")
    if not isinstance(message.get("method"), str):
        raise RpcError(INVALID_REQUEST, "A request needs a method")
    identifier = message.get("id", 0)
    if not isinstance(identifier, (str, int, float)) or isinstance(identifier, bool):
        raise RpcError(INVALID_REQUEST, "An id is a text or a number")
    if not isinstance(message.get("params", {}), dict):
        raise RpcError(INVALID_PARAMS, "params has to be an object")
    return message


def is_answer(message: Any) -> bool:
    """Whether it answers a request; this server sends none, so such a message is dropped."""
    return isinstance(message, dict) and "method" not in message and ("result" in message or "error" in message)


def result(identifier: Any, value: Any) -> Message:
    """A request's good answer."""
    return {"jsonrpc": "2.0", "id": identifier, "result": value}


def failure(identifier: Any, error: RpcError) -> Message:
    """A request's error; ``identifier`` is None where it could not be read."""
    return {"jsonrpc": "2.0", "id": identifier, "error": {"code": error.code, "message": error.message}}


def encoded(message: Any) -> bytes:
    """One line of UTF-8; newlines inside of texts are escaped, so that a line is a message."""
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
