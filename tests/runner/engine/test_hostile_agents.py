"""Agents that mean harm: each meets its wall, and nothing of it is left."""

import json
import os
import socket
import time
from pathlib import Path

import docker
import pytest

from runner.engine.base import ContainerSpec, Exit, ExitReason, Prepared
from runner.engine.docker import DockerEngine
from runner.engine.limits import MIB, Limits
from tests.factories.engines import processes_of
from tests.runner.engine.conftest import BASE_IMAGE

pytestmark = pytest.mark.docker
_AGENTS = Path(__file__).parents[2] / "fixtures" / "agents"


def _prepare(engine: DockerEngine, agent: str, limits: Limits | None = None) -> Prepared:
    source = (_AGENTS / agent / "agent.py").read_text(encoding="utf-8")
    spec = ContainerSpec(
        name=f"hivemind-test-{agent}-{time.monotonic_ns()}",
        image=BASE_IMAGE,
        run_id="r",
        stage="query",
        entrypoint=("python3", "-c", source),
        limits=limits or Limits(),
    )
    return engine.prepare(spec)


def _run(engine: DockerEngine, agent: str, *, seconds: float = 20.0, limits: Limits | None = None) -> Exit:
    with _prepare(engine, agent, limits) as prepared:
        prepared.release({})
        return prepared.wait(time.monotonic() + seconds)


def test_one_that_ignores_signals_is_ended_at_its_deadline(docker_engine: DockerEngine) -> None:
    ended = _run(docker_engine, "hang", seconds=1.0)
    assert (ended.reason, ended.stdout) == (ExitReason.TIMEOUT, b"")


def test_one_that_floods_its_answer_is_ended_before_it_fills_memory(docker_engine: DockerEngine) -> None:
    ended = _run(docker_engine, "flood-stdout")
    assert (ended.reason, ended.stdout) == (ExitReason.STDOUT_EXCEEDED, b"")


def test_one_that_takes_all_memory_is_ended_alone(docker_engine: DockerEngine) -> None:
    assert _run(docker_engine, "memory-hog", limits=Limits(memory_bytes=64 * MIB)).reason is ExitReason.OOM


def test_one_that_multiplies_stays_within_its_number_and_leaves_nobody_behind(docker_engine: DockerEngine) -> None:
    with _prepare(docker_engine, "fork-bomb", Limits(pids=32)) as prepared:
        prepared.release({})
        time.sleep(1.5)
        assert 2 <= len(processes_of(prepared.container_id)) <= 32
        assert prepared.wait(time.monotonic() + 0.1).reason is ExitReason.TIMEOUT
    docker_engine.close()
    assert processes_of(prepared.container_id) == []


def test_one_that_fills_every_disk_fills_only_its_own_memory(docker_engine: DockerEngine) -> None:
    ended = _run(docker_engine, "fill-disk", limits=Limits(memory_bytes=512 * MIB))
    written = json.loads(ended.stdout)
    assert written == {"/home/agent": 64 * MIB, "/tmp": 64 * MIB, "/var/tmp": 32 * MIB}


def test_the_secrets_of_one_that_fails_are_not_shown_with_how_it_ended(docker_engine: DockerEngine) -> None:
    ended = _run(docker_engine, "fail-with-secret")
    assert b"hmk_owner-secret-in-the-diagnostics" in ended.stderr
    assert not ended.succeeded
    assert "hmk_" not in repr(ended)


def test_one_that_says_nothing_succeeds_with_nothing(docker_engine: DockerEngine) -> None:
    ended = _run(docker_engine, "print-nothing")
    assert (ended.succeeded, ended.stdout) == (True, b"")


def _addresses() -> set[str]:
    """This machine's own addresses, as an agent could guess them."""
    found = {"172.17.0.1"}
    found |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        found.add(probe.getsockname()[0])
    return found


def test_one_that_probes_reaches_its_own_bridge_and_nothing_else(docker_engine: DockerEngine) -> None:
    abstract = f"@hivemind-test-{os.getpid()}"
    with (
        socket.create_server(("0.0.0.0", 0)) as host_service,
        socket.socket(socket.AF_UNIX) as host_socket,
        _prepare(docker_engine, "print-nothing") as other,
        other.listen(8788),
        _prepare(docker_engine, "network-probe") as prepared,
        prepared.listen(8787),
    ):
        host_socket.bind(abstract.replace("@", "\0", 1))
        host_socket.listen()
        port = host_service.getsockname()[1]
        places = [f"{address}:{port}" for address in {"127.0.0.1", *_addresses()}] + ["127.0.0.1:8788"]
        prepared.release({"PROBE": ",".join(places), "PROBE_SOCKETS": abstract})
        ended = prepared.wait(time.monotonic() + 60)
    told = json.loads(ended.stdout)
    assert told["tried"] > 90
    assert [place for place in told["answered"] if place.endswith(":8787")]
    assert [place for place in told["answered"] if not place.endswith(":8787")] == []


def test_after_all_of_them_no_container_is_left(docker_engine: DockerEngine) -> None:
    _run(docker_engine, "hang", seconds=0.2)
    docker_engine.close()
    ours = f"hivemind-instance={docker_engine._config.instance}"
    assert docker.APIClient(version="auto").containers(all=True, filters={"label": ours}) == []
