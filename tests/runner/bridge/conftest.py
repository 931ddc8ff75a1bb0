"""Stages with a real listening socket, spoken to by a real HTTP client."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from runner.bridge.budget import Budget
from runner.bridge.limits import BridgeLimits
from runner.bridge.server import Bridge, OpenStage
from runner.bridge.sessions import StageSession
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy
from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving

TOKEN = "alice-session-token-0123456789abcdef"
UPSTREAM_KEY = "sk-operator-secret"


@dataclass
class Tools:
    """A small registry: `handlers` by name; failures become answers as the protocol asks."""

    handlers: dict[str, Callable[..., str]] = field(default_factory=dict)
    raises: Exception | None = None

    def list_openai(self) -> list[dict[str, Any]]:
        return [
            {"type": "function", "function": {"name": name, "description": name, "parameters": {"type": "object"}}}
            for name in self.handlers
        ]

    def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.raises is not None:
            raise self.raises
        if name not in self.handlers:
            return {"result": "", "error": f"Unknown tool; available: {', '.join(self.handlers)}"}
        try:
            return {"result": self.handlers[name](**arguments), "error": None}
        except Exception as error:
            return {"result": "", "error": str(error)}


@dataclass
class Room:
    """An open stage and a client that holds its token."""

    stage: OpenStage
    session: StageSession
    client: httpx.Client
    port: int


OpenRoom = Callable[..., Room]


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with serving() as fake:
        yield fake


@pytest.fixture(scope="session")
def shared_bridge() -> Iterator[Bridge]:
    bridge = Bridge(retries=RetryPolicy(base_seconds=0.01))
    bridge.start()
    yield bridge
    bridge.stop()


@pytest.fixture
def limits() -> BridgeLimits | None:
    """Overridden by tests that need other limits than the usual ones, and so a bridge of their own."""
    return None


@pytest.fixture
def bridge(shared_bridge: Bridge, limits: BridgeLimits | None) -> Iterator[Bridge]:
    if limits is None:
        yield shared_bridge
        return
    own = Bridge(limits=limits, retries=RetryPolicy(base_seconds=0.01))
    own.start()
    yield own
    own.stop()


@pytest.fixture
def open_room(bridge: Bridge) -> Iterator[OpenRoom]:
    """Opens stages: session fields by keyword, `calls` and `tokens` for the budget, `upstream` for a model."""
    rooms: list[Room] = []

    def opener(**fields: Any) -> Room:
        upstream = fields.pop("upstream", None)
        if upstream is not None:
            timeout = fields.pop("timeout", 5.0)
            provider = Provider("openrouter", upstream.url, UPSTREAM_KEY, timeout_seconds=timeout)
            fields["llm"] = LlmRoute(provider, "room/model")
        budget = Budget(fields.pop("calls", 20), fields.pop("tokens", 100_000))
        tools = fields.pop("tools", None) or Tools({"echo": lambda text="": text})
        values = {"role": "query", "token": TOKEN, "tools": tools, "budget": budget, **fields}
        session = StageSession(**values)
        sock = socket.create_server(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        stage = bridge.open(session, sock)
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {session.token}"},
            timeout=20,
            trust_env=False,
            verify=False,
        )
        rooms.append(Room(stage, session, client, port))
        return rooms[-1]

    yield opener
    for room in rooms:
        room.client.close()
        room.stage.close()


@pytest.fixture
def make_tools() -> type[Tools]:
    return Tools


@pytest.fixture
def make_completion() -> Callable[..., dict[str, Any]]:
    return completion
