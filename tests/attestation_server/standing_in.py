"""A stand-in guest agent on a real socket, and the ways in which an agent can misbehave."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attestation.reading import Reader
from attestation.server.guest import GuestAgent
from attestation.server.services.collecting import Source
from attestation.server.standin.machine import DevelopmentMachine
from attestation.server.standin.server import StandInServer, answers

SEED = b"g" * 32
VERSION = "0.3.7"
MACHINE = DevelopmentMachine(SEED, VERSION)
NONCE = bytes(range(32))
Call = Callable[[Reader], dict[str, Any]]


@contextmanager
def listening(socket: Path, machine: DevelopmentMachine = MACHINE, **changed: Call) -> Iterator[None]:
    """The agent of this machine, with calls replaced: `GetQuote=...`."""
    calls = {**answers(machine), **{f"/{name}": call for name, call in changed.items()}}
    with StandInServer(socket, calls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def source(socket: Path, *, seconds: float = 5.0) -> Source:
    return Source(GuestAgent(str(socket), call_seconds=seconds), "development")


def real_machine(socket: Path) -> Source:
    """As on hardware: the root is known beforehand, and nobody asks the agent for it."""
    return Source(GuestAgent(str(socket), call_seconds=5.0), "dstack", root=MACHINE.authority.trust_root)


def slowly(call: Call, seconds: float) -> Call:
    def answer(request: Reader) -> dict[str, Any]:
        time.sleep(seconds)
        return call(request)

    return answer


def eventually(holds: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.01)
    return holds()
