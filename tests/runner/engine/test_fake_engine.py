"""The fake engine keeps the engine's contract."""

import time

import pytest

from runner.engine import errors
from runner.engine.base import BuildSpec
from tests.fakes.engine import FakeEngine
from tests.runner.engine import behaviours
from tests.runner.engine.contract import EngineContract, Lab


class _FakeLab(Lab):
    image = "play:latest"

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.engine.add_image(self.image, behaviours.play)

    def entrypoint(self, behaviour: str) -> tuple[str, ...]:
        return ("play", behaviour)


@pytest.fixture
def lab() -> Lab:
    return _FakeLab()


class TestFakeEngine(EngineContract):
    """All of it, inherited."""


def test_a_programmed_failure_comes_once() -> None:
    engine = FakeEngine()
    engine.fail_next("facts", errors.EngineUnavailable("gone"))
    with pytest.raises(errors.EngineUnavailable):
        engine.facts()
    assert engine.facts().version == "fake"
    assert engine.calls["facts"] == 2


def test_a_built_image_runs_the_programmed_program() -> None:
    lab = _FakeLab()
    assert isinstance(lab.engine, FakeEngine)
    lab.engine.builds_run(behaviours.play)
    built = lab.engine.build_image(BuildSpec(tag="agent:latest", context=b""))
    with lab.engine.prepare(lab.spec("hello", image=built.id)) as prepared:
        prepared.release({})
        assert prepared.wait(time.monotonic() + 5).stdout == b"hello\n"
