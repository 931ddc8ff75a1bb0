"""The supervisor keeps its children alive, stops them in order, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind.local import processes, supervisor
from hivemind.local.errors import AlreadyRunning
from hivemind.local.paths import Layout, layout

PROGRAM = """
import os, sys
from hivemind.local.paths import layout
from hivemind.local.supervisor import Child, Supervisor, claim
where, scripts = layout(sys.argv[1]), sys.argv[2:]
children = [Child(f"child{n}", ("sh", "-c", script), 2) for n, script in enumerate(scripts)]
with claim(where):
    Supervisor(children, layout=where, environment=os.environ, check=lambda: None, say=print).run()
"""


@pytest.fixture
def where(tmp_path: Path) -> Layout:
    return layout(tmp_path / "var")


@pytest.fixture
def started(where: Layout) -> Iterator[list[subprocess.Popen[str]]]:
    began: list[subprocess.Popen[str]] = []
    yield began
    for process in began:
        process.kill()
        process.wait()


def launch(where: Layout, began: list[subprocess.Popen[str]], *scripts: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-u", "-c", PROGRAM, str(where.state_dir), *scripts]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    began.append(process)
    assert processes.wait_until(lambda: supervisor.find(where) == process.pid, seconds=10)
    return process


def wait_for(path: Path, *, lines: int = 1) -> list[str]:
    assert processes.wait_until(lambda: path.exists() and len(path.read_text().splitlines()) >= lines, seconds=15)
    return path.read_text().splitlines()


def test_a_crashed_child_is_started_again(where: Layout, started: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    process = launch(where, started, f"echo x >> {starts}; sleep 0.1; exit 3")
    wait_for(starts, lines=3)
    assert supervisor.crashes(where)["child0"] >= 2
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=10)[0]
    assert "child0 ended with status 3, starting it again in 1 s" in told
    assert "starting it again in 2 s" in told


def test_children_stop_in_the_order_of_the_list_and_a_deaf_one_is_killed(
    where: Layout, started: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    ready, ends = tmp_path / "ready", tmp_path / "ends"
    polite = "trap 'echo {n} >> {ends}; exit 0' TERM; echo x >> {ready}; while :; do sleep 0.05; done"
    deaf = f"trap '' TERM; echo x >> {ready}; while :; do sleep 0.05; done"
    scripts = [polite.format(n=n, ends=ends, ready=ready) for n in (0, 1)]
    process = launch(where, started, scripts[0], deaf, scripts[1])
    wait_for(ready, lines=3)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0
    assert time.monotonic() - began < 6
    assert ends.read_text().split() == ["0", "1"]


def test_children_of_a_killed_supervisor_die_with_it(
    where: Layout, started: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    process = launch(where, started, f"echo $$ > {pid_file}; exec sleep 60")
    child = int(wait_for(pid_file)[0])
    process.kill()
    process.wait()
    assert processes.wait_until(lambda: processes.name_of(child) is None, seconds=5)


def test_there_is_one_per_state_directory(where: Layout, started: list[subprocess.Popen[str]]) -> None:
    first = launch(where, started, "sleep 60")
    with pytest.raises(AlreadyRunning, match=str(first.pid)), supervisor.claim(where):
        pass


def test_the_pid_that_a_killed_one_left_behind_is_nobody(where: Layout, started: list[subprocess.Popen[str]]) -> None:
    process = launch(where, started, "sleep 60")
    process.kill()
    process.wait()
    left = where.run_dir / "supervisor.lock"
    assert left.read_text() == str(process.pid)
    assert not supervisor.has_begun(where)
    left.write_text(str(os.getpid()))  # the number now belongs to a stranger: us
    assert supervisor.find(where) is None
    assert not supervisor.stop(where, seconds=1)
    with supervisor.claim(where):
        assert left.read_text() == str(os.getpid())


def test_stop_ends_it(where: Layout, started: list[subprocess.Popen[str]]) -> None:
    process = launch(where, started, "sleep 60")
    assert supervisor.stop(where, seconds=10)
    assert process.wait(timeout=5) == 0
    assert not supervisor.stop(where, seconds=1)
