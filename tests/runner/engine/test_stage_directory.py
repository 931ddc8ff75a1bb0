"""A stage's directory is nobody else's, is made once, and disappears."""

import os
import threading
import time
from pathlib import Path

import pytest

from runner.engine import errors, gate, stage_directory
from runner.engine.stage_directory import StageDirectory

_ME = {"uid": os.getuid(), "gid": os.getgid()}


def _soon() -> float:
    return time.monotonic() + 5


def test_a_name_is_used_once(tmp_path: Path) -> None:
    StageDirectory.create(tmp_path / "root", "a", **_ME)
    with pytest.raises(errors.NameTaken):
        StageDirectory.create(tmp_path / "root", "a", **_ME)


def test_a_parent_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir(mode=0o700)
    root.chmod(0o755)
    with pytest.raises(errors.NotPermitted):
        StageDirectory.create(root, "a", **_ME)


def test_a_parent_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "root").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.NotPermitted):
        StageDirectory.create(tmp_path / "root", "a", **_ME)


def test_a_script_larger_than_a_pipe_arrives_whole(tmp_path: Path) -> None:
    directory = StageDirectory.create(tmp_path / "root", "a", **_ME)
    script = os.urandom(400_000)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append((directory.path / "gate").read_bytes()))
    reader.start()
    directory.open_gate(script, deadline_monotonic=_soon(), given_up=lambda: False)
    reader.join(5)
    assert received == [script]
    assert not (directory.path / "gate").exists()


def test_a_reader_that_goes_away_in_the_middle_is_noticed(tmp_path: Path) -> None:
    directory = StageDirectory.create(tmp_path / "root", "a", **_ME)

    def read_a_little() -> None:
        with (directory.path / "gate").open("rb", buffering=0) as fifo:
            fifo.read(10)

    reader = threading.Thread(target=read_a_little)
    reader.start()
    with pytest.raises(errors.StartFailed):
        directory.open_gate(b"x" * 400_000, deadline_monotonic=_soon(), given_up=lambda: False)
    reader.join(5)


def test_a_gate_that_nobody_waits_at_is_given_up(tmp_path: Path) -> None:
    directory = StageDirectory.create(tmp_path / "root", "a", **_ME)
    with pytest.raises(errors.StartFailed):
        directory.open_gate(b"x", deadline_monotonic=time.monotonic() + 0.05, given_up=lambda: False)
    with pytest.raises(errors.StartFailed):
        directory.open_gate(b"x", deadline_monotonic=_soon(), given_up=lambda: True)


def test_inputs_are_readable_by_their_owner_only_and_go_twice(tmp_path: Path) -> None:
    directory = StageDirectory.create(tmp_path / "root", "a", **_ME)
    directory.write_inputs({"A": b"secret"})
    assert (directory.path / "in" / "A").stat().st_mode & 0o777 == 0o400
    directory.empty()
    directory.empty()
    assert not (directory.path / "in").exists()
    directory.remove()
    directory.remove()
    assert not directory.path.exists()


def test_folders_come_piece_by_piece_and_go_with_the_inputs(tmp_path: Path) -> None:
    directory = StageDirectory.create(tmp_path / "root", "a", **_ME)
    directory.write_folder("artifacts", {"a.txt": iter([b"one ", b"two"]), "b": []})
    folder = directory.path / "in" / "artifacts"
    assert (folder / "a.txt").read_bytes() == b"one two"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o400}
    assert folder.stat().st_mode & 0o777 == 0o700
    directory.empty()
    assert not folder.exists()


@pytest.mark.parametrize("names", [("..", "a"), ("a", "../b"), ("a", "b/c"), ("a", ""), (".a", "b"), ("a", "b\n")])
def test_folders_and_their_files_have_plain_names(names: tuple[str, str]) -> None:
    with pytest.raises(errors.InvalidSpec):
        gate.check_folders({names[0]: [names[1]]})


def test_the_sweep_spares_the_young_and_the_known(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("known", "young", "old"):
        StageDirectory.create(root, name, **_ME)
    for name in ("known", "old"):
        os.utime(root / name, (0, 0))
    stage_directory.sweep(root, keep=frozenset({"known"}), older_than_seconds=60)
    assert {path.name for path in root.iterdir()} == {"known", "young"}
    stage_directory.sweep(tmp_path / "nowhere", keep=frozenset(), older_than_seconds=0)
