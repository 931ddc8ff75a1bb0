"""The bridge as an agent sees it: tools, data, a model, a checker for scope functions, a place for artifacts.

A stage's container has no network but its own loopback, where the bridge listens. All an agent can learn or
do goes through the calls below, within the room's rules and the stage's budget.
"""

from __future__ import annotations

from typing import Any

from ._connection import Connection
from .artifacts import ArtifactCalls
from .data import DataCalls
from .inputs import read_input
from .models import ModelCalls
from .scoping import ScopeCalls


class Bridge(DataCalls, ModelCalls, ScopeCalls, ArtifactCalls):
    """A client for one bridge. ``Bridge.from_environment()`` is what an agent wants."""

    def __init__(self, base_url: str, token: str, *, timeout_seconds: float = 600.0) -> None:
        self._connection = Connection(base_url, token, timeout_seconds=timeout_seconds)

    @classmethod
    def from_environment(cls, *, timeout_seconds: float = 600.0) -> Bridge:
        """From BRIDGE_URL and SESSION_TOKEN. Raises InputMissing when one is absent."""
        return cls(read_input("BRIDGE_URL"), read_input("SESSION_TOKEN"), timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Close the kept-alive connection."""
        self._connection.close()

    def health(self) -> dict[str, Any]:
        """``{"status": "ok", "budget": {...}}``: what of the stage's calls and tokens is used."""
        return dict(self._connection.request("GET", "/health"))
