"""A client of the Model Context Protocol over the standard streams of a child process, as small as it can be."""

from __future__ import annotations

import json
import subprocess
from typing import Any

VERSION = "2025-06-18"


class McpError(Exception):
    """The server answered with an error, or not at all."""


class McpClient:
    """One session with the server that ``command`` starts."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._last_id = 0
        client = {"name": "mcp-query", "version": "1.0"}
        self._ask("initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client})
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def tools(self) -> list[dict[str, Any]]:
        """The tools: name, description, inputSchema."""
        return list(self._ask("tools/list", {})["tools"])

    def call(self, name: str, arguments: dict[str, Any]) -> str:
        """A tool's result as text, its failures included."""
        answer = self._ask("tools/call", {"name": name, "arguments": arguments})
        return "\n".join(str(part.get("text", "")) for part in answer["content"])

    def close(self) -> None:
        """End the session."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=30)

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._last_id += 1
        self._send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        while True:
            line = self._process.stdout.readline() if self._process.stdout else b""
            if not line:
                raise McpError("the server is gone")
            answer = json.loads(line)
            if answer.get("id") == self._last_id:
                break
        if "error" in answer:
            raise McpError(str(answer["error"].get("message")))
        return dict(answer["result"])

    def _send(self, message: dict[str, Any]) -> None:
        if self._process.stdin is None:
            raise McpError("the server is gone")
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()
