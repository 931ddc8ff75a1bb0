"""The helper package made importable, as it is inside of a container."""

import pytest

from tests.agents.default.scripted import AGENTS


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(AGENTS / "sdk"))
