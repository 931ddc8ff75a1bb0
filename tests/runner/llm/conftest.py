from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with serving() as fake:
        yield fake


@pytest.fixture
def make_completion() -> Callable[..., dict[str, Any]]:
    return completion
