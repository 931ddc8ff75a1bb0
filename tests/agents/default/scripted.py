"""A stage on a real bridge, with a model that answers from a script, and an agent's folder run against it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.bridge.budget import Budget
from runner.bridge.server import Bridge, OpenStage
from runner.bridge.sessions import StageSession
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy
from runner.scopefn import verify
from runner.tools.registry import ToolRegistry
from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving

REPOSITORY = Path(__file__).parents[3]
AGENTS = REPOSITORY / "agents"
TOKEN = "session-token-of-the-test"
SCHEMA = [
    {"table_name": "people", "column_name": "name", "data_type": "text", "is_nullable": "YES"},
    {"table_name": "people", "column_name": "team", "data_type": "text", "is_nullable": "YES"},
    {"table_name": "people", "column_name": "salary", "data_type": "integer", "is_nullable": "YES"},
]
ROWS = [
    {"name": "Dora Quill", "team": "alpha", "salary": 81234},
    {"name": "Emil Stone", "team": "beta", "salary": 64321},
]


@dataclass
class Canned:
    """A tool that answers with a fixed value, or with what a callable makes of its arguments."""

    name: str
    value: Any
    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    description: str = "a tool of the test"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def call(self, arguments: Any) -> str:
        self.asked.append(dict(arguments))
        value = self.value(arguments) if callable(self.value) else self.value
        return json.dumps(value)


def sql_tool(value: Any = None) -> Canned:
    properties = {"sql": {"type": "string"}, "params": {"type": "array", "items": {}}}
    schema = {"type": "object", "properties": properties, "required": ["sql"]}
    return Canned("execute_sql", ROWS if value is None else value, schema)


def schema_tool() -> Canned:
    return Canned("get_schema", SCHEMA)


def say(upstream: FakeUpstream, *texts: str) -> None:
    """Queue answers of the model."""
    for text in texts:
        upstream.answer(completion(text))


def call(upstream: FakeUpstream, name: str, arguments: Any) -> None:
    """Queue a turn in which the model calls one tool."""
    upstream.answer(calling(name, arguments))


def calling(name: str, arguments: Any) -> dict[str, Any]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    function = {"name": name, "arguments": written}
    return completion(None, tool_calls=[{"id": "call_1", "type": "function", "function": function}])


@dataclass
class Stage:
    """An open stage; ``opened`` knows what was used."""

    url: str
    opened: OpenStage
    upstream: FakeUpstream

    def run(self, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the agent of ``folder`` as a plain process."""
        env = {"PYTHONPATH": str(AGENTS / "sdk"), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
        env |= {"PYTHONDONTWRITEBYTECODE": "1", "BRIDGE_URL": self.url, "SESSION_TOKEN": TOKEN} | inputs
        return subprocess.run(
            [sys.executable, str(folder / "agent.py")], env=env, capture_output=True, text=True, timeout=90, check=False
        )

    def prompts(self) -> str:
        """Everything that the model was told."""
        return json.dumps([seen.body["messages"] for seen in self.upstream.seen])


@contextlib.contextmanager
def stage(role: str, *, listener: socket.socket | None = None, **fields: Any) -> Iterator[Stage]:
    """Open a stage. ``tools``, ``calls`` and ``tokens`` by keyword; ``model`` False for a room without models."""
    tools, model = fields.pop("tools", []), fields.pop("model", True)
    with serving() as upstream:
        bridge = Bridge(retries=RetryPolicy(base_seconds=0.01))
        bridge.start()
        try:
            provider = Provider("openrouter", upstream.url, "sk-operator", timeout_seconds=5)
            if role == "scope":
                fields.setdefault("verify_scope", verify.answer)
            session = StageSession(
                role=role,
                token=TOKEN,
                tools=ToolRegistry(tools),
                budget=Budget(fields.pop("calls", 20), fields.pop("tokens", 200_000)),
                llm=LlmRoute(provider, "room/model") if model else None,
                **fields,
            )
            socket_ = listener or socket.create_server(("127.0.0.1", 0))
            port = socket_.getsockname()[1]
            opened = bridge.open(session, socket_)
            try:
                yield Stage(f"http://127.0.0.1:{port}", opened, upstream)
            finally:
                opened.close()
        finally:
            bridge.stop()
