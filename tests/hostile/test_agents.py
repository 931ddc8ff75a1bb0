"""Agents that try to get out, to use the machine up, to stay, and to talk to each other: none of it works.

Each attempt is really made inside a container of the real engine and tells how the kernel answered; what matters is
looked at from outside as well.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runner.engine.base import Exit, ExitReason
from runner.engine.limits import MIB, Limits
from tests.factories.engines import processes_of
from tests.hostile import containers
from tests.hostile.agent import exhausts, kernel_calls, places, stays
from tests.hostile.behaviours import BEHAVIOURS, CHANNELS
from tests.hostile.containers import Yard

pytestmark = pytest.mark.docker

# How a kernel says no. Anything else means that it was done, or that it was not really tried.
_ERRORS = "EACCES EAGAIN EBUSY ECONNREFUSED EEXIST EIO ENODEV ENOENT ENOSYS ENXIO EPERM EROFS ESRCH ETIMEDOUT EXDEV"
REFUSALS = frozenset({*_ERRORS.split(), "EMPTY", "SIGNAL 31"})
FAMILIES = {"kernel_calls": kernel_calls.ATTEMPTS, "places": places.ATTEMPTS}
_BRANDED = [Path("/tmp"), Path("/root"), Path("/var/tmp"), Path("/dev/shm")]
_WATCHED = [
    Path("/proc/sys/kernel/core_pattern"),
    Path("/proc/sys/kernel/hostname"),
    Path("/proc/sys/kernel/randomize_va_space"),
    Path("/proc/sys/vm/overcommit_memory"),
    Path("/etc/passwd"),
    Path("/etc/hosts"),
]

Steps = dict[str, str]


@pytest.fixture(scope="module")
def told(yard: Yard) -> Iterator[dict[str, dict[str, Steps]]]:
    """What came of every attempt to get out. The machine is looked at before and after."""
    markers = [folder / f"{places.MARKER}-{os.getpid()}" for folder in _BRANDED if folder.is_dir()]
    for marker in markers:
        marker.write_text("of the host")
    before = {path: path.read_text() for path in _WATCHED}
    found: dict[str, dict[str, Steps]] = {}
    try:
        for family in FAMILIES:
            with yard.prepare(family) as prepared:
                changed = containers.changed_files(prepared.container_id)  # where the engine has put the gate
                prepared.release({"HOST_PROCESS": str(os.getpid())})
                ended = prepared.wait(time.monotonic() + 110)
                assert ended.reason is ExitReason.EXITED, ended.stderr
                assert containers.changed_files(prepared.container_id) == changed
            found[family] = json.loads(ended.stdout)
        assert {path: path.read_text() for path in _WATCHED} == before
        assert all(marker.read_text() == "of the host" for marker in markers)
        yield found
    finally:
        for marker in markers:
            marker.unlink()


@pytest.mark.parametrize(
    ("family", "attempt"),
    [
        pytest.param(family, attempt, id=f"{family}-{attempt}".replace("_", "-"))
        for family, attempts in FAMILIES.items()
        for attempt in attempts
    ],
)
def test_there_is_no_way_out(told: dict[str, dict[str, Steps]], family: str, attempt: str) -> None:
    steps = told[family][attempt]
    assert steps, "nothing was tried"
    assert {step: answer for step, answer in steps.items() if answer not in REFUSALS} == {}


def test_there_are_enough_attempts() -> None:
    assert sum(len(attempts) for attempts in FAMILIES.values()) >= 120


def _told(ended: Exit) -> dict[str, Any]:
    assert ended.reason is ExitReason.EXITED, ended.stderr[-500:]
    return dict(json.loads(ended.stdout))


def test_a_fork_bomb_stays_within_its_number_and_the_machine_still_forks(yard: Yard) -> None:
    with yard.prepare("exhausts:forks", limits=Limits(pids=48)) as prepared:
        prepared.release({})
        deadline = time.monotonic() + 20
        while (count := len(processes_of(prepared.container_id))) < 40:
            assert time.monotonic() < deadline, count
            time.sleep(0.1)
        assert count <= 48
        assert yard.run("exhausts:deep_folders").succeeded
        assert prepared.wait(time.monotonic()).reason is ExitReason.TIMEOUT
    assert processes_of(prepared.container_id) == []


@pytest.mark.parametrize("behaviour", ["zombies", "threads"])
def test_hordes_stay_within_their_number(yard: Yard, behaviour: str) -> None:
    told = _told(yard.run(f"exhausts:{behaviour}", limits=Limits(pids=48)))
    assert told["why"] == "EAGAIN"
    assert 40 <= told["made"] < 48


def test_processes_that_belong_to_nobody_end_with_their_stage(yard: Yard) -> None:
    with yard.prepare("exhausts:orphans", limits=Limits(pids=48)) as prepared:
        prepared.release({})
        assert _told(prepared.wait(time.monotonic() + 20)) == {"left": 8}
        assert processes_of(prepared.container_id) == []


@pytest.mark.parametrize("behaviour", ["heap", "memory_files", "shared_memory"])
def test_memory_of_every_kind_ends_the_agent_and_nobody_else(yard: Yard, behaviour: str) -> None:
    with yard.prepare("exhausts:slow_exit", limits=Limits(memory_bytes=64 * MIB)) as neighbour:
        neighbour.release({})
        ended = yard.run(f"exhausts:{behaviour}", limits=Limits(memory_bytes=64 * MIB))
        assert (ended.reason, ended.stdout) == (ExitReason.OOM, b"")
        assert len(processes_of(neighbour.container_id)) == 1


def test_what_the_kernel_keeps_for_it_counts_as_its_memory(yard: Yard) -> None:
    ended = yard.run("exhausts:socket_buffers", limits=Limits(memory_bytes=64 * MIB, open_files=4096), seconds=20)
    assert ended.reason is ExitReason.OOM or _told(ended)["mib"] < 64


def test_small_files_run_out_before_the_machine_does(yard: Yard) -> None:
    told = _told(yard.run("exhausts:inodes", limits=Limits(memory_bytes=512 * MIB), seconds=40))
    assert {error for _, error in told.values()} == {"ENOSPC"}
    assert all(20_000 < made < 32_768 for made, _ in told.values())


def test_large_files_fill_only_its_own_memory(yard: Yard) -> None:
    told = _told(yard.run("exhausts:bytes_everywhere", limits=Limits(memory_bytes=512 * MIB)))
    assert told == {"/tmp": 64, "/var/tmp": 32, "/home/agent": 64, "/dev/shm": 64}


def test_space_that_is_claimed_and_not_written_is_refused(yard: Yard) -> None:
    assert _told(yard.run("exhausts:holes", limits=Limits(memory_bytes=512 * MIB)))["claimed"] == [0, "ENOSPC"]


def test_open_files_run_out_at_the_limit(yard: Yard) -> None:
    told = _told(yard.run("exhausts:open_files", limits=Limits(open_files=256)))
    assert told["why"] == "EMFILE"
    assert 240 <= told["made"] < told["limit"] == 256


def test_folders_in_folders_do_no_harm(yard: Yard) -> None:
    made, why = _told(yard.run("exhausts:deep_folders", limits=Limits(memory_bytes=512 * MIB)))["deep"]
    assert made > 5_000
    assert why in ("ENOSPC", "ENAMETOOLONG", "NONE")


def test_many_processes_get_no_more_processor_than_one_may(yard: Yard) -> None:
    told = _told(yard.run("exhausts:processor", limits=Limits(cpus=0.5)))
    assert told["seconds"] < 0.5 * 2 + 0.6


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("endless_lines", ExitReason.STDOUT_EXCEEDED),
        ("endless_line", ExitReason.STDOUT_EXCEEDED),
        ("endless_diagnostics", ExitReason.STDERR_EXCEEDED),
        ("drip", ExitReason.TIMEOUT),
        ("slow_exit", ExitReason.TIMEOUT),
        ("deaf", ExitReason.TIMEOUT),
        ("stopped", ExitReason.TIMEOUT),
    ],
)
def test_what_does_not_end_is_ended(yard: Yard, behaviour: str, reason: ExitReason) -> None:
    seconds = 1.5 if reason is ExitReason.TIMEOUT else 20.0
    with yard.prepare(f"exhausts:{behaviour}") as prepared:
        prepared.release({})
        began = time.monotonic()
        ended = prepared.wait(began + seconds)
        assert (ended.reason, ended.stdout) == (reason, b"")
        assert time.monotonic() - began < seconds + 4
        assert len(ended.stderr) < 2 * MIB
    assert processes_of(prepared.container_id) == []


def test_a_child_that_holds_the_streams_ends_with_its_parent(yard: Yard) -> None:
    assert _told(yard.run("exhausts:held_streams", seconds=10)) == {"ended": True}


def test_a_crash_leaves_no_core(yard: Yard) -> None:
    before = set(Path().glob("core*")) | set(Path("/").glob("core*"))
    ended = yard.run("exhausts:crash")
    assert ended.reason is ExitReason.EXITED and ended.code not in (0, None)
    assert set(Path().glob("core*")) | set(Path("/").glob("core*")) == before


def test_nothing_waits_for_the_next_run(yard: Yard) -> None:
    with yard.prepare("stays:leave") as first:
        changed = containers.changed_files(first.container_id)
        first.release({"WORD": "left-behind"}, files={"RAW_OUTPUT": b"left-behind"})
        left = _told(first.wait(time.monotonic() + 20))
        assert containers.changed_files(first.container_id) == changed
        assert processes_of(first.container_id) == []
    assert len(left["written"]) == 4
    second = _told(yard.run("stays:look", env={"WORD": "left-behind"}))
    assert second["looked_at"] > 50
    assert second["found"] == []
    assert not list(yard.engine._stage_root.glob(f"{first.name}*"))


def test_before_the_gate_opens_no_byte_of_the_image_has_run(yard: Yard) -> None:
    with yard.prepare("stays:look") as prepared:
        (waiting,) = processes_of(prepared.container_id)
        assert Path(f"/proc/{waiting}/cmdline").read_bytes().startswith(b"/run/hive-gate/busybox\0")
        maps = Path(f"/proc/{waiting}/maps").read_text()
        assert "/opt/baked" not in maps and ".so" not in maps


@pytest.fixture(scope="module")
def overheard(yard: Yard) -> tuple[dict[str, Any], Steps]:
    """Two runs side by side: what one said, and what the other heard."""
    together = threading.Barrier(2)

    def carried_out(behaviour: str) -> dict[str, Any]:
        with yard.prepare(behaviour) as prepared:
            together.wait(30)
            prepared.release({"WORD": "of-the-speaker"}, files={"RAW_OUTPUT": b"word-between-runs"})
            return _told(prepared.wait(time.monotonic() + 30))

    with ThreadPoolExecutor(2) as pool:
        spoken, heard = pool.map(carried_out, ["neighbours:speak", "neighbours:listen"])
    return spoken, heard


def test_the_speaker_really_spoke(overheard: tuple[dict[str, Any], Steps]) -> None:
    spoken, heard = overheard
    assert spoken["written"] == ["/tmp", "/var/tmp", "/home/agent", "/dev/shm"]
    assert spoken["segment"] >= 0 and spoken["queue"] >= 0 and spoken["sockets"] >= 3
    assert spoken["locked"] > 100
    assert int(heard["files watched"]) > 100


@pytest.mark.parametrize("channel", CHANNELS)
def test_runs_side_by_side_do_not_hear_each_other(overheard: tuple[dict[str, Any], Steps], channel: str) -> None:
    assert overheard[1][channel] in REFUSALS


def test_every_behaviour_is_listed() -> None:
    listed = {name for names in BEHAVIOURS.values() for name in names}
    public = {name for module in (exhausts, stays) for name, value in vars(module).items() if callable(value)}
    assert listed == {name for name in public if name.islower() and not name.startswith("_")}


def test_every_channel_is_listed(overheard: tuple[dict[str, Any], Steps]) -> None:
    assert set(overheard[1]) == {*CHANNELS, "files watched"}


def test_after_all_of_them_nothing_is_left(yard: Yard) -> None:
    yard.engine.close()
    left = {stray.name for stray in yard.engine.list_containers()}
    assert left & set(yard.names) == set()
    assert not yard.engine._stage_root.exists() or list(yard.engine._stage_root.iterdir()) == []
