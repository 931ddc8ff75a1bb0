"""Inside the locked process with every rule of the language bypassed: the kernel says no."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.scopefn import frames
from runner.scopefn.errors import SandboxBreach
from runner.scopefn.limits import MIB, ScopeLimits
from runner.scopefn.process import SandboxProcess

LIMITS = ScopeLimits(call_seconds=5.0, memory_bytes=256 * MIB, cpu_seconds=2)
NOBODY = 65534


@pytest.fixture
def escaped() -> Iterator[SandboxProcess]:
    process = SandboxProcess(LIMITS, worker="tests.runner.scopefn.breakout")
    process.wait_ready()
    yield process
    process.kill()


def run(process: SandboxProcess, source: str) -> str:
    return process.exchange(frames.CALL + source.encode(), seconds=LIMITS.call_seconds)[1:].decode()


def test_it_computes(escaped: SandboxProcess) -> None:
    assert run(escaped, "answer = sum(range(10))") == "45"


@pytest.mark.parametrize(
    "source",
    [
        "os.fork()",
        "libc.fork()",
        "libc.vfork()",
        "threading.Thread(target=print).start()",
        "subprocess.run(['/bin/true'])",
        "os.execv('/bin/true', ['true'])",
        "socket.socket()",
        "socket.socketpair()",
        pytest.param(f"os.kill({os.getpid()}, 9)", id="os.kill(this process, 9)"),
        "os.kill(os.getppid(), 9)",
        "os.kill(1, 0)",
        "os.setuid(0)",
        "os.unlink('/tmp/x')",
        "os.mkdir('/tmp/scope-fn-was-here')",
        "os.read(2, 1)",
        "os.write(2, b'x')",
        "os.dup(0)",
        "os.pipe()",
        "os.memfd_create('x')",
        "libc.ptrace(16, os.getppid(), 0, 0)",
        "libc.prctl(4, 1, 0, 0, 0)",
        "libc.mmap(0, 4096, 7, 34, -1, 0)",
        "libc.shmget(1, 4096, 0o1666)",
        "libc.syscall(425, 8, 0)",
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (99, 99))",
        "import time; time.sleep(0.01)",
    ],
)
def test_anything_but_computing_is_deadly(escaped: SandboxProcess, source: str) -> None:
    with pytest.raises(SandboxBreach, match="ended"):
        run(escaped, source)
    assert escaped._popen.returncode == -signal.SIGSYS


@pytest.mark.parametrize("look", ["os.listdir('/')", "os.stat('/etc/passwd')", "os.readlink('/proc/self/exe')"])
def test_no_folder_or_file_is_looked_at(escaped: SandboxProcess, look: str) -> None:
    assert run(escaped, look).startswith("PermissionError")


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "/proc/1/environ", "/tmp/new", "/dev/null"])
def test_no_file_opens(escaped: SandboxProcess, path: str) -> None:
    assert run(escaped, f"open({path!r}, 'a+' if 'new' in {path!r} else 'r')").startswith("PermissionError")


def test_the_parents_descriptors_and_environment_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_SECRET", "a-secret-of-the-server")
    process = SandboxProcess(LIMITS, worker="tests.runner.scopefn.breakout")
    process.wait_ready()
    try:
        assert run(process, "answer = dict(os.environ)") == "{'TZ': 'UTC'}"
        held = sorted(entry.name for entry in Path(f"/proc/{process.pid}/fd").iterdir())
        assert held == ["0", "1"]
        assert b"secret" not in Path(f"/proc/{process.pid}/environ").read_bytes()
    finally:
        process.kill()


def test_it_is_nobody_and_can_gain_nothing(escaped: SandboxProcess) -> None:
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{escaped.pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert status["Seccomp"] == "2"
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert Path(f"/proc/{escaped.pid}/cwd").readlink() == Path("/")
    if os.geteuid() == 0:
        assert status["Uid"].split() == status["Gid"].split() == [str(NOBODY)] * 4
        assert status["Groups"].strip() == ""


def test_another_process_of_nobody_can_not_look_into_it(escaped: SandboxProcess) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else to look")
    look = subprocess.run(
        ["cat", f"/proc/{escaped.pid}/environ"], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True
    )
    assert look.returncode != 0


@pytest.mark.parametrize("source", ["x = bytearray(10**9)", "x = []\nwhile True: x.append(' ' * 10**6)"])
def test_memory_ends(escaped: SandboxProcess, source: str) -> None:
    assert run(escaped, source).startswith("MemoryError")
    assert run(escaped, "answer = 1") == "1"


def test_native_memory_ends_too(escaped: SandboxProcess) -> None:
    source = "libc.malloc.restype = ctypes.c_void_p\nanswer = libc.malloc(ctypes.c_size_t(10**9))"
    assert run(escaped, source) == "None"


def test_processor_time_ends_whatever_the_caller_waits_for(escaped: SandboxProcess) -> None:
    started_at = time.monotonic()
    with pytest.raises(SandboxBreach, match="ended"):
        escaped.exchange(frames.CALL + b"while True: pass", seconds=30)
    assert time.monotonic() - started_at < 20


def test_two_answers_to_one_call_are_a_breach(escaped: SandboxProcess) -> None:
    run(escaped, "os.write(1, (5).to_bytes(4, 'little') + b'a1234')")
    time.sleep(0.2)  # the answer after the answer must be there
    with pytest.raises(SandboxBreach):
        run(escaped, "answer = 1")


@pytest.mark.parametrize("length", [2**32 - 1, 10**8])
def test_an_answer_that_claims_to_be_huge_is_a_breach(escaped: SandboxProcess, length: int) -> None:
    with pytest.raises(SandboxBreach, match="more than it may"):
        run(escaped, f"os.write(1, ({length}).to_bytes(4, 'little'))\nwhile True: pass")


def test_an_answer_that_never_ends_is_a_breach(escaped: SandboxProcess) -> None:
    with pytest.raises(SandboxBreach, match="too long"):
        escaped.exchange(frames.CALL + b"os.write(1, b'\\x05')\nwhile True: pass", seconds=0.5)


def test_a_process_that_does_not_read_is_a_breach(escaped: SandboxProcess) -> None:
    with pytest.raises(SandboxBreach, match=r"too long|ended"):
        escaped.exchange(frames.CALL + b"while True: pass", seconds=0.3)
    with pytest.raises(SandboxBreach, match="ended"):
        run(escaped, "answer = 1")


def test_input_beyond_the_limit_is_never_sent(escaped: SandboxProcess) -> None:
    with pytest.raises(SandboxBreach, match="more than it may read"):
        escaped.exchange(b" " * (LIMITS.input_bytes + 1), seconds=1)
