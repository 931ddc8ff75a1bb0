"""Stages of a bridge, and whole platforms, for the tests of simulation."""

from tests.runner.bridge.conftest import (
    bridge,
    limits,
    make_completion,
    make_tools,
    open_room,
    shared_bridge,
    upstream,
)
from tests.runner.pipeline.conftest import platform

__all__ = ["bridge", "limits", "make_completion", "make_tools", "open_room", "platform", "shared_bridge", "upstream"]
