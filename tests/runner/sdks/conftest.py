"""The official clients of two model services, pointed at the bridge of a stage as an agent's are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from tests.runner.bridge.conftest import (  # noqa: F401 - fixtures
    OpenRoom,
    Room,
    bridge,
    limits,
    make_completion,
    open_room,
    shared_bridge,
    upstream,
)


def openai_client(room: Room, **options: Any) -> openai.OpenAI:
    """A client with the room's token, and no environment."""
    client = httpx2.Client(trust_env=False, verify=False, timeout=20)
    values = {"base_url": f"http://127.0.0.1:{room.port}/v1", "api_key": room.session.token, "http_client": client}
    return openai.OpenAI(**values | options)


def anthropic_client(room: Room, **options: Any) -> anthropic.Anthropic:
    """A client with the room's token, and no environment."""
    client = httpx2.Client(trust_env=False, verify=False, timeout=20)
    values = {"base_url": f"http://127.0.0.1:{room.port}", "api_key": room.session.token, "http_client": client}
    return anthropic.Anthropic(**values | options)


def call(name: str, arguments: str, *, ident: str) -> dict[str, Any]:
    """A tool call as a model service reports it."""
    return {"id": ident, "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.fixture
def room(open_room: OpenRoom, upstream: Any) -> Iterator[Room]:  # noqa: F811
    yield open_room(upstream=upstream)
