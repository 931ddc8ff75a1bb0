"""Images are built within walls, from what was checked, and a build that takes too long is really ended."""

import time
from collections.abc import Iterator

import docker
import pytest

from runner.engine import errors
from runner.engine.base import BuildSpec, ContainerSpec, ImageInfo
from runner.engine.docker import DockerEngine
from runner.engine.limits import MIB
from tests.runner.engine import contexts

pytestmark = pytest.mark.docker
_BASE = "FROM hivemind-agent-base\n"


@pytest.fixture
def tag() -> Iterator[str]:
    """A tag for one test; the image is removed at its end."""
    name = f"hivemind-test-build:{time.monotonic_ns()}"
    yield name
    api = docker.APIClient(version="auto")
    for left in api.images(name="hivemind-test-build", all=False):
        if name in (left["RepoTags"] or ()):
            api.remove_image(name, force=True)


def _build(engine: DockerEngine, tag: str, text: str, **settings: object) -> ImageInfo:
    files: dict[str, str | bytes] = {"Dockerfile": text, "agent.py": "print('built')\n"}
    return engine.build_image(BuildSpec(tag=tag, context=contexts.pack(files), **settings))  # type: ignore[arg-type]


def test_an_agent_is_built_and_runs(docker_engine: DockerEngine, tag: str) -> None:
    text = _BASE + 'COPY agent.py /app/agent.py\nWORKDIR /app\nCMD ["python3", "agent.py"]\n'
    built = _build(docker_engine, tag, text, labels={"hivemind-agent": "a1"})
    assert (built.cmd, built.workdir, built.labels["managed-by"]) == (("python3", "agent.py"), "/app", "hivemind")
    assert built.labels["hivemind-agent"] == "a1"
    assert docker_engine.image_info(tag) == built
    spec = ContainerSpec(name=tag.replace(":", "-"), image=built.id, run_id="r", stage="s")
    with docker_engine.prepare(spec) as prepared:
        prepared.release({})
        assert prepared.wait(time.monotonic() + 30).stdout == b"built\n"


@pytest.mark.parametrize(
    "start",
    [
        "FROM ghcr.io/somewhere/hivemind-agent-base:v9",
        "FROM registry.invalid:5000/hivemind-agent-base@sha256:" + "0" * 64,
        "ARG B=hivemind-agent-base\nFROM --platform=linux/amd64 ${B}:latest AS x",
    ],
)
def test_the_base_is_found_whatever_registry_it_is_asked_from(
    docker_engine: DockerEngine, tag: str, start: str
) -> None:
    assert _build(docker_engine, tag, start + "\nCOPY agent.py /app/\n").workdir == "/app"


def test_a_step_sees_no_network_and_has_the_builds_memory(docker_engine: DockerEngine, tag: str) -> None:
    script = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; ls /sys/class/net"
    with pytest.raises(errors.BuildFailed) as failure:
        _build(docker_engine, tag, f"{_BASE}RUN {script}; exit 1\n", memory_bytes=256 * MIB)
    lines = failure.value.output.splitlines()
    assert str(256 * MIB) in lines
    assert "lo" in lines
    assert "eth0" not in lines


def test_a_failing_step_tells_the_end_of_what_it_printed(docker_engine: DockerEngine, tag: str) -> None:
    with pytest.raises(errors.BuildFailed) as failure:
        _build(docker_engine, tag, f"{_BASE}RUN for i in $(seq 3000); do echo line $i; done; exit 7\n")
    assert len(failure.value.output) <= 1200
    assert "line 3000" in failure.value.output
    assert "non-zero code: 7" in failure.value.output
    assert "line" not in str(failure.value)
    assert docker_engine.image_info(tag) is None


def test_a_dockerfile_that_the_builder_cannot_read_is_a_failed_build(docker_engine: DockerEngine, tag: str) -> None:
    with pytest.raises(errors.BuildFailed) as failure:
        _build(docker_engine, tag, f"{_BASE}FROBNICATE x\n")
    assert "FROBNICATE" in failure.value.output.upper()


def test_a_build_that_takes_too_long_is_ended_and_leaves_nothing_running(docker_engine: DockerEngine, tag: str) -> None:
    marker = f"sleep 97.{time.monotonic_ns() % 100000}"
    began = time.monotonic()
    with pytest.raises(errors.BuildTimedOut):
        _build(docker_engine, tag, f"{_BASE}RUN {marker}\n", timeout_seconds=3.0)
    assert time.monotonic() - began < 8
    assert docker_engine.image_info(tag) is None
    api = docker.APIClient(version="auto")
    for _ in range(50):
        left = [container for container in api.containers(all=True) if marker in container["Command"]]
        if not left:
            break
        time.sleep(0.2)
    assert left == []


def test_a_build_that_keeps_printing_is_ended_as_well(docker_engine: DockerEngine, tag: str) -> None:
    began = time.monotonic()
    with pytest.raises(errors.BuildTimedOut):
        _build(docker_engine, tag, f"{_BASE}RUN while true; do echo x; sleep 0.1; done\n", timeout_seconds=2.5)
    assert time.monotonic() - began < 8


def test_an_image_larger_than_allowed_is_not_kept(docker_engine: DockerEngine, tag: str) -> None:
    with pytest.raises(errors.BuildFailed):
        _build(docker_engine, tag, _BASE + "COPY agent.py /app/\n", largest_image_bytes=MIB)
    assert docker_engine.image_info(tag) is None


def test_an_agents_image_is_nobodys_base_neither_by_name_nor_by_id(docker_engine: DockerEngine, tag: str) -> None:
    victim = _build(docker_engine, tag, _BASE + "COPY agent.py /app/sealed.py\n")
    short = victim.id.removeprefix("sha256:")[:12]
    for text in (
        f"FROM {tag}\n",
        f"FROM {short}\n",
        f"FROM {victim.id}\n",
        f"{_BASE}COPY --from={tag} /app/sealed.py /stolen\n",
        f"{_BASE}COPY --from={short} /app/sealed.py /stolen\n",
    ):
        with pytest.raises(errors.BuildRefused):
            _build(docker_engine, f"{tag}-thief", text)


def test_a_step_of_somebodys_build_is_not_reachable_by_its_id(docker_engine: DockerEngine, tag: str) -> None:
    _build(docker_engine, tag, _BASE + "COPY agent.py /app/sealed.py\n")
    for layer in docker.APIClient(version="auto").history(tag):
        if layer["Id"].startswith("sha256:"):
            with pytest.raises(errors.BuildRefused):
                _build(docker_engine, f"{tag}-thief", f"FROM {layer['Id'][7:19]}\n")


def test_an_unknown_base_is_named_and_its_maker_is_told(docker_engine: DockerEngine, tag: str) -> None:
    with pytest.raises(errors.BaseImageMissing) as failure:
        _build(docker_engine, tag, "FROM hivemind-test-nowhere:1\n", fetch_missing=False)
    assert failure.value.reference == "hivemind-test-nowhere:1"
    with pytest.raises(errors.BaseImageMissing):
        _build(docker_engine, tag, "FROM registry.invalid/hivemind-test-nowhere:1\n")


def test_a_removed_image_is_gone_and_removing_it_again_is_fine(docker_engine: DockerEngine, tag: str) -> None:
    built = _build(docker_engine, tag, _BASE + "COPY agent.py /app/\n")
    docker_engine.remove_image(tag)
    docker_engine.remove_image(tag)
    assert docker_engine.image_info(tag) is None
    with pytest.raises(errors.ImageMissing):
        docker_engine.prepare(ContainerSpec(name=tag.replace(":", "-"), image=built.id, run_id="r", stage="s"))
