"""Many stages leave nothing behind in the process that ran them."""

import gc
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from runner.engine.base import ContainerSpec
from runner.engine.docker import DockerEngine
from tests.runner.engine.conftest import BASE_IMAGE

pytestmark = pytest.mark.docker


def _stage(engine: DockerEngine, number: int) -> None:
    name = f"hivemind-test-many-{time.monotonic_ns()}-{number}"
    spec = ContainerSpec(name=name, image=BASE_IMAGE, run_id="r", stage="s", entrypoint=("true",))
    with engine.prepare(spec) as prepared, prepared.listen(8787):
        prepared.release({"A": "b"})
        assert prepared.wait(time.monotonic() + 60).succeeded


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_descriptors_and_threads_do_not_grow(docker_engine: DockerEngine) -> None:
    _stage(docker_engine, 0)
    gc.disable()
    try:
        descriptors, threads = _open_descriptors(), threading.active_count()
        for number in range(6):
            _stage(docker_engine, number)
        assert _open_descriptors() <= descriptors + 2
        assert threading.active_count() <= threads + 2
    finally:
        gc.enable()


def test_stages_side_by_side_all_succeed(docker_engine: DockerEngine) -> None:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            _stage(docker_engine, number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_turn_of_a_prepared_stage_is_short(docker_engine: DockerEngine) -> None:
    """The point of the gate: what a start costs is paid before a stage's turn."""
    _stage(docker_engine, 0)
    specs = [
        ContainerSpec(
            name=f"hivemind-test-overlap-{time.monotonic_ns()}-{number}",
            image=BASE_IMAGE,
            run_id="r",
            stage="s",
            entrypoint=("true",),
        )
        for number in range(3)
    ]
    turns: list[float] = []
    with ExitStack() as stack:
        for prepared in [stack.enter_context(docker_engine.prepare(spec)) for spec in specs]:
            began = time.monotonic()
            prepared.release({})
            prepared.wait(time.monotonic() + 30)
            turns.append(time.monotonic() - began)
    assert min(turns) < 0.2
