"""The cast, and an engine without containers in place of the process's own."""

import pytest

from agents.services import engine as engine_module
from tests.fakes.engine import FakeEngine
from tests.runner.cast import *  # noqa: F403


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """What the services take for the engine of this process."""
    fake = FakeEngine()
    monkeypatch.setattr(engine_module, "_engine", fake)
    return fake
