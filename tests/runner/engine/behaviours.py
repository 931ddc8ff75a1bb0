"""What the programs of the contract's tests do, told twice: as a script for a container and as a callable for the fake.

A program's name is its argument, so that one image holds them all.
"""

import socket
import time
from collections.abc import Callable

from tests.fakes.engine import Inside

SCRIPT = r"""
import os, socket, sys, time

def hello(): print("hello"); print("diagnosis", file=sys.stderr)
def fails(): print("half an answer"); print("secret of the agent", file=sys.stderr); sys.exit(3)
def hangs(): print("started", flush=True); time.sleep(600)
def floods_stdout():
    while True: os.write(1, b"x" * 65536)
def floods_stderr():
    print("answer", flush=True)
    for _ in range(64): os.write(2, b"y" * 65536)
def floods_stderr_forever():
    while True: os.write(2, b"y" * 65536)
def tells_env(): print(os.environ.get("GREETING"), end="")
def tells_file(): print(open("/run/hive/in/GREETING", "rb").read().decode(), end="")
def tells_file_or_env(): print("GREETING" in os.environ, os.path.getsize(os.environ["GREETING_FILE"]), end="")
def asks_port():
    host, port = os.environ["BRIDGE_URL"].split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as s: print(s.makefile().readline(), end="")
def eats_memory():
    held = []
    while True: held.append(bytearray(b"z" * (1 << 22)))

globals()[sys.argv[1]]()
"""


def _hello(inside: Inside) -> int:
    inside.print("hello\n")
    inside.complain("diagnosis\n")
    return 0


def _fails(inside: Inside) -> int:
    inside.print("half an answer")
    inside.complain("secret of the agent")
    return 3


def _hangs(inside: Inside) -> int:
    inside.print("started")
    inside.killed.wait(600)
    return 0


def _floods_stdout(inside: Inside) -> int:
    while not inside.killed.is_set():
        inside.stdout += b"x" * 65536
        time.sleep(0.001)
    return 0


def _floods_stderr(inside: Inside) -> int:
    inside.print("answer\n")
    inside.stderr += b"y" * 65536 * 64
    return 0


def _floods_stderr_forever(inside: Inside) -> int:
    while not inside.killed.is_set():
        inside.stderr += b"y" * 65536
        time.sleep(0.001)
    return 0


def _tells_env(inside: Inside) -> int:
    inside.print(inside.env.get("GREETING", ""))
    return 0


def _tells_file(inside: Inside) -> int:
    inside.stdout += inside.files["GREETING"]
    return 0


def _tells_file_or_env(inside: Inside) -> int:
    inside.print(f"{'GREETING' in inside.env} {len(inside.files['GREETING'])}")
    return 0


def _asks_port(inside: Inside) -> int:
    host, port = inside.env["BRIDGE_URL"].split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        inside.print(connection.makefile().readline())
    return 0


def _eats_memory(inside: Inside) -> int:
    raise MemoryError


CALLABLES: dict[str, Callable[[Inside], int]] = {
    "hello": _hello,
    "fails": _fails,
    "hangs": _hangs,
    "floods_stdout": _floods_stdout,
    "floods_stderr": _floods_stderr,
    "floods_stderr_forever": _floods_stderr_forever,
    "tells_env": _tells_env,
    "tells_file": _tells_file,
    "tells_file_or_env": _tells_file_or_env,
    "asks_port": _asks_port,
    "eats_memory": _eats_memory,
}


def play(inside: Inside) -> int:
    """The fake's program: what its last argument names."""
    return CALLABLES[inside.argv[-1]](inside)
