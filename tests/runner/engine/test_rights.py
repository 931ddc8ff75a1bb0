"""What this process may not do, or cannot reach, is said in one clear sentence."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.engine import errors, namespaces, shell
from runner.engine.config import EngineConfig
from runner.engine.docker import DockerEngine
from runner.engine.stage_directory import StageDirectory

_NOBODY = 65534


def _as_nobody(action: Callable[[], object]) -> str:
    """The sentence of the NotPermitted that ``action`` raises in a process without rights."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        sentence = "nothing was raised"
        try:
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
            action()
        except errors.NotPermitted as refusal:
            sentence = str(refusal)
        except BaseException as other:
            sentence = repr(other)
        os.write(write_end, sentence.encode())
        os._exit(0)
    os.close(write_end)
    os.waitpid(child, 0)
    with os.fdopen(read_end) as told:
        return told.read()


def test_opening_a_network_without_rights_names_the_right() -> None:
    assert "CAP_SYS_ADMIN" in _as_nobody(lambda: namespaces.pin(1, container_id=""))


def test_a_stage_directory_without_rights_names_the_right(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    for parent in [place, *place.parents]:
        if parent.stat().st_mode & 0o001 == 0:
            parent.chmod(parent.stat().st_mode | 0o001)
        if parent == Path("/tmp"):
            break
    sentence = _as_nobody(lambda: StageDirectory.create(place / "root", "a", uid=1000, gid=1000))
    assert "CAP_CHOWN" in sentence


def test_a_process_of_no_container_is_not_entered() -> None:
    with pytest.raises(errors.StartFailed):
        namespaces.pin(os.getpid(), container_id="f" * 64)


def test_the_runners_own_network_is_never_taken_for_a_containers() -> None:
    with pytest.raises(errors.EngineError, match="not isolated"):
        namespaces.pin(os.getpid(), container_id="")


def test_a_process_that_is_gone_is_a_failed_start() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    with pytest.raises(errors.StartFailed):
        namespaces.pin(child, container_id="")


def test_an_engine_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nothing.sock"
    engine = DockerEngine(EngineConfig(instance="test", state_directory=tmp_path, base_url=nowhere))
    for ask in (engine.facts, engine.list_containers, lambda: engine.image_info("x")):
        with pytest.raises(errors.EngineUnavailable):
            ask()
    engine.close()


@pytest.mark.parametrize("instance", ["", "a b", "a/b", "-x", "x" * 64])
def test_an_installation_needs_a_proper_name(instance: str, tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidSpec):
        EngineConfig(instance=instance, state_directory=tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF", b"\x7fELF\x02\x01", b"#!/bin/sh\n", b"\x7fELF\x02\x01" + b"\xff" * 80]
)
def test_what_is_no_static_program_is_no_shell_for_the_gate(content: bytes) -> None:
    assert not shell.is_static_program(content)


def test_a_dynamic_program_is_no_shell_for_the_gate() -> None:
    assert not shell.is_static_program(Path(sys.executable).resolve().read_bytes())
