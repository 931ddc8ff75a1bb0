"""hmctl in this process: the same command line and files, a clock that does not wait, and no start-up."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

from hmctl.cli import root
from hmctl.launch import Launch
from tests.conformance.adapter import Command, Shown
from tests.conformance.stand_in.sitecustomize import stand_in


class HastyClock:
    """Real time plus everything that was slept, without sleeping it."""

    def __init__(self) -> None:
        self._slept = 0.0

    def now(self) -> float:
        return time.time() + self._slept

    def steady(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds


def run(command: Command, environment: Mapping[str, str], *, folder: Path) -> Shown:
    """One command. A traceback that would have reached the user is an error of the harness's caller."""
    root_der = Path(environment["CONFORMANCE_MAKER_ROOT"]).read_bytes()
    with _only(environment), _inside(folder), stand_in(root_der):
        done = CliRunner().invoke(
            root, list(command.arguments), input=command.typed, obj=Launch(clock=HastyClock()), prog_name="hmctl"
        )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Shown(done.exit_code, done.stdout, done.stderr)


@contextmanager
def _only(environment: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: before[name] for name in ("PATH", "LANG") if name in before} | dict(environment))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
