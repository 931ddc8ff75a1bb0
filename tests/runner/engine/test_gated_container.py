"""Nothing of a stage is in its container before its turn, and then the container is what Docker would have made."""

import io
import json
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from runner.engine import errors
from runner.engine.base import ContainerSpec, Exit, Prepared
from runner.engine.config import EngineConfig
from runner.engine.docker import DockerEngine
from runner.engine.limits import MIB, Limits
from tests.runner.engine.conftest import BASE_IMAGE

pytestmark = pytest.mark.docker
_SECRET = "a-secret-of-this-stage-7f3a"

MakeImage = Callable[..., str]


@pytest.fixture
def make_image() -> Iterator[MakeImage]:
    """Imports an image with given settings; all are removed at the end."""
    api = docker.APIClient(version="auto")
    made: list[str] = []

    def make(*changes: str, files: dict[str, bytes] | None = None) -> str:
        tag = f"hivemind-test-image:{time.monotonic_ns()}"
        container = api.create_container(BASE_IMAGE, ["true"])["Id"]
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, content in (files or {}).items():
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), 0o755
                tar.addfile(entry, io.BytesIO(content))
        api.put_archive(container, "/", archive.getvalue())
        api.commit(container, tag.partition(":")[0], tag.partition(":")[2], changes=list(changes))
        api.remove_container(container, force=True)
        made.append(tag)
        return tag

    yield make
    for tag in made:
        api.remove_image(tag, force=True)


def _spec(
    entrypoint: tuple[str, ...] | str | None, image: str = BASE_IMAGE, *, memory: int = 256 * MIB
) -> ContainerSpec:
    name = f"hivemind-test-gate-{time.monotonic_ns()}"
    return ContainerSpec(
        name=name, image=image, run_id="r", stage="s", entrypoint=entrypoint, limits=Limits(memory_bytes=memory)
    )


def _finish(prepared: Prepared, env: dict[str, str] | None = None) -> Exit:
    prepared.release(env or {})
    return prepared.wait(time.monotonic() + 30)


def _stage_files(engine: DockerEngine) -> list[Path]:
    return [path for path in engine._stage_root.rglob("*") if path.is_file() and path.name != "hosts"]


def test_a_secret_is_in_no_setting_and_no_file_before_and_in_no_setting_after(docker_engine: DockerEngine) -> None:
    api = docker.APIClient(version="auto")
    with docker_engine.prepare(_spec(("sleep", "600"))) as prepared:
        assert _stage_files(docker_engine) == []
        assert api.inspect_container(prepared.container_id)["State"]["Running"]
        prepared.release({"SESSION_TOKEN": _SECRET}, files={"RAW_OUTPUT": _SECRET.encode()})
        assert _SECRET not in json.dumps(api.inspect_container(prepared.container_id))
        assert [path.name for path in _stage_files(docker_engine)] == ["RAW_OUTPUT"]
    assert _stage_files(docker_engine) == []


def test_inputs_are_gone_as_soon_as_the_program_has_ended(docker_engine: DockerEngine) -> None:
    with docker_engine.prepare(_spec(("true",))) as prepared:
        prepared.release({}, files={"RAW_OUTPUT": _SECRET.encode()})
        prepared.wait(time.monotonic() + 30)
        assert _stage_files(docker_engine) == []


def test_input_files_are_the_containers_users_and_their_parent_is_roots(docker_engine: DockerEngine) -> None:
    with docker_engine.prepare(_spec(("sleep", "600"))) as prepared:
        prepared.release({}, files={"RAW_OUTPUT": b"x"})
        (file,) = _stage_files(docker_engine)
        assert (file.stat().st_uid, file.stat().st_mode & 0o777) == (1000, 0o400)
        stage, root = file.parent.parent, docker_engine._stage_root
        assert (stage.stat().st_uid, stage.stat().st_mode & 0o777) == (1000, 0o700)
        assert (root.stat().st_uid, root.stat().st_mode & 0o777) == (0, 0o700)


@pytest.mark.parametrize(
    "command", [("env",), ("sh", "-c", "cat /proc/self/cmdline; pwd"), ("/usr/bin/printenv",), ("id",)]
)
def test_the_program_sees_what_docker_run_would_have_shown_it(
    docker_engine: DockerEngine, command: tuple[str, ...]
) -> None:
    told = ["--network", "none", "--user", "1000:1000", "--hostname", "h", "--env", "GREETING=it's"]
    reference = subprocess.run(["docker", "run", "--rm", *told, BASE_IMAGE, *command], capture_output=True, check=True)
    with docker_engine.prepare(_spec(command)) as prepared:
        ended = _finish(prepared, {"GREETING": "it's"})
        host = f"HOSTNAME={prepared.container_id[:12]}".encode()
    assert ended.succeeded
    seen = ended.stdout.replace(host, b"HOSTNAME=h")
    assert sorted(seen.splitlines()) == sorted(reference.stdout.splitlines())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (['ENTRYPOINT ["/bin/echo", "a"]', 'CMD ["b"]'], b"a b\n"),
        (['CMD ["echo", "only cmd"]', "ENTRYPOINT []"], b"only cmd\n"),
        (["CMD echo shell form $((1+1))"], b"shell form 2\n"),
        (['CMD ["./start.sh"]', "WORKDIR /opt/agent"], b"started in /opt/agent as ./start.sh\n"),
        (['CMD ["pwd"]', "WORKDIR /root"], b"/root\n"),
        (['CMD ["printenv", "A"]', "ENV A=from-image"], b"from-image\n"),
    ],
)
def test_the_images_own_command_is_honoured(
    docker_engine: DockerEngine, make_image: MakeImage, changes: list[str], expected: bytes
) -> None:
    script = b'#!/bin/sh\necho "started in $PWD as $0"\n'
    image = make_image(*changes, files={"opt/agent/start.sh": script})
    with docker_engine.prepare(_spec(None, image)) as prepared:
        assert _finish(prepared).stdout == expected


def test_a_variable_of_the_stage_wins_over_the_images(docker_engine: DockerEngine, make_image: MakeImage) -> None:
    image = make_image("ENV A=from-image", "ENV B=kept", 'CMD ["sh", "-c", "echo $A $B"]', "ENTRYPOINT []")
    with docker_engine.prepare(_spec(None, image)) as prepared:
        assert _finish(prepared, {"A": "from-stage"}).stdout == b"from-stage kept\n"


def test_an_image_without_workdir_starts_in_tmp_and_without_a_shell_starts_too(
    docker_engine: DockerEngine, engine_state: Path
) -> None:
    with docker_engine.prepare(_spec(("true",))):
        busybox = (engine_state / "gate" / "bin" / "busybox").read_bytes()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("pwd")
        entry.size, entry.mode = len(busybox), 0o755
        tar.addfile(entry, io.BytesIO(busybox))
    api = docker.APIClient(version="auto")
    tag = f"hivemind-test-bare:{time.monotonic_ns()}"
    api.import_image_from_data(archive.getvalue(), repository=tag.partition(":")[0], tag=tag.partition(":")[2])
    try:
        with docker_engine.prepare(_spec(("/pwd",), tag)) as prepared:
            ended = _finish(prepared)
            assert (ended.stdout, ended.stderr) == (b"/tmp\n", b"")
    finally:
        api.remove_image(tag, force=True)


def test_an_images_health_check_never_runs(docker_engine: DockerEngine, make_image: MakeImage) -> None:
    image = make_image("HEALTHCHECK --interval=1s CMD touch /tmp/ran", 'CMD ["ls", "/tmp"]', "ENTRYPOINT []")
    with docker_engine.prepare(_spec(None, image)) as prepared:
        time.sleep(2.5)
        ended = _finish(prepared)
    assert (ended.code, ended.stdout) == (0, b"")


def test_an_images_volume_is_a_small_piece_of_memory(docker_engine: DockerEngine, make_image: MakeImage) -> None:
    image = make_image("VOLUME /data", 'CMD ["grep", "/data", "/proc/mounts"]', "ENTRYPOINT []")
    with docker_engine.prepare(_spec(None, image)) as prepared:
        mount = _finish(prepared).stdout.decode()
        assert mount.startswith("tmpfs /data tmpfs rw,nosuid,nodev,noexec")
        assert "size=16384k" in mount
        mounts = docker.APIClient(version="auto").inspect_container(prepared.container_id)["Mounts"]
        assert {mount["Type"] for mount in mounts} == {"bind"}


def test_an_image_whose_command_is_missing_fails_as_the_agents_program(docker_engine: DockerEngine) -> None:
    with docker_engine.prepare(_spec(("no-such-program",))) as prepared:
        ended = _finish(prepared)
    assert (ended.code, ended.stdout) == (127, b"")


def test_an_image_cannot_replace_the_gate(docker_engine: DockerEngine, make_image: MakeImage) -> None:
    hostile = b"#!/bin/sh\necho taken over\n"
    image = make_image(files={"run/hive-gate/busybox": hostile, "run/hive/gate": hostile, "bin/busybox": hostile})
    with docker_engine.prepare(_spec(("echo", "fine"), image)) as prepared:
        assert _finish(prepared).stdout == b"fine\n"


def test_a_container_that_dies_behind_its_gate_is_told_at_the_release(
    docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.engine.prepared._RELEASE_SECONDS", 0.5)
    with docker_engine.prepare(_spec(("true",))) as prepared:
        docker.APIClient(version="auto").kill(prepared.container_id)
        time.sleep(0.3)
        with pytest.raises(errors.StartFailed):
            prepared.release({"SESSION_TOKEN": _SECRET})


def test_a_container_that_somebody_else_removed_was_killed(docker_engine: DockerEngine) -> None:
    with docker_engine.prepare(_spec(("sleep", "600"))) as prepared:
        prepared.release({})
        docker.APIClient(version="auto").remove_container(prepared.container_id, force=True)
        ended = prepared.wait(time.monotonic() + 30)
    assert str(ended.reason) == "killed"


def test_another_installations_containers_are_not_seen_and_not_removed(
    docker_engine: DockerEngine, engine_state: Path
) -> None:
    other = DockerEngine(EngineConfig(instance="test-somebody-else", state_directory=engine_state))
    with other.prepare(_spec(("sleep", "600"))) as theirs:
        assert docker_engine.list_containers() == ()
        assert docker_engine.remove_strays((), older_than_seconds=-5) == 0
        assert [stray.container_id for stray in other.list_containers()] == [theirs.container_id]
    other.close()
    shutil.rmtree(other._stage_root, ignore_errors=True)


def test_an_abandoned_stage_directory_is_swept(docker_engine: DockerEngine) -> None:
    with docker_engine.prepare(_spec(("sleep", "600"))) as prepared:
        left = docker_engine._stage_root / "hivemind-test-abandoned"
        left.mkdir()
        docker_engine.remove_strays({"r"}, older_than_seconds=-5)
        assert [path.name for path in docker_engine._stage_root.iterdir()] == [prepared.name]


def test_the_runner_stays_in_its_own_network(docker_engine: DockerEngine) -> None:
    before = Path("/proc/self/ns/net").readlink()
    with docker_engine.prepare(_spec(("true",))) as prepared, prepared.listen(8787) as listener:
        assert listener.getsockname() == ("127.0.0.1", 8787)
        for _ in range(100):
            tasks = {(task / "ns" / "net").readlink() for task in Path("/proc/self/task").iterdir()}
            if tasks == {before}:  # the thread that went in may still be ending
                break
            time.sleep(0.01)
        assert tasks == {before}
