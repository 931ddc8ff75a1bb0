"""Between the harness and a client: how to call it, what it keeps on disk, how to read its answer."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.conformance.actions import Action
from tests.conformance.world import World


@dataclass(frozen=True)
class Command:
    """What to run: arguments after the client's own command, and what is typed."""

    arguments: tuple[str, ...]
    typed: str = ""


@dataclass(frozen=True)
class Shown:
    """What a command left behind."""

    exit: int
    out: str
    err: str


@dataclass(frozen=True)
class Verdict:
    """Which check refused, and the stable reason; empty when the answer names none."""

    check: str = ""
    code: str = ""


class Runs(Protocol):
    """Starts one command of a client, in a folder and with an environment of its own."""

    def __call__(self, command: Command, environment: Mapping[str, str], *, folder: Path) -> Shown: ...


class Adapter(Protocol):
    """One client."""

    @property
    def name(self) -> str: ...

    def prepare(self, world: World) -> None:
        """Writes the user's files: profile, approved build, demands."""

    def home(self, world: World) -> Path:
        """Where the client keeps its files."""

    def remembered(self, world: World) -> dict[str, bytes]:
        """What the client keeps as decided by its user, by name: a refused command must add nothing to it."""

    def call(self, world: World, action: Action, *, as_json: bool = True) -> Shown:
        """Plays one action."""

    def read(self, shown: Shown) -> Verdict:
        """The verdict in the machine-readable answer."""


@dataclass(frozen=True)
class Subprocess:
    """Runs the client as a process; `command` is how it is called."""

    command: Sequence[str]
    timeout_seconds: float = 60.0

    def __call__(self, command: Command, environment: Mapping[str, str], *, folder: Path) -> Shown:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        done = subprocess.run(
            [*self.command, *command.arguments],
            input=command.typed,
            env={**kept, **environment},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=self.timeout_seconds,
            check=False,
        )
        return Shown(done.returncode, done.stdout, done.stderr)


def last_document(text: str) -> dict[str, object]:
    """The JSON object that an answer ends with, empty if there is none."""
    for start in (text, text.strip().rpartition("\n")[2]):
        try:
            found = json.loads(start)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}
