"""Whether the services that we lean on answer: asked in the background, remembered a while, never waited for long."""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection

from hivemind.kit.admin import columns

PATIENCE_SECONDS = 0.7
FRESH_SECONDS = 10.0
FULL_PERCENT = 90


@dataclass(frozen=True)
class Health:
    """One service at one moment. `said` is a version or a number, or what went wrong in our own words.

    `doubtful` is for what works and is still not what a service in earnest should have.
    """

    name: str
    well: bool
    said: str
    doubtful: bool = False

    @property
    def mood(self) -> str:
        """The colour's name: `well`, `doubtful` or `ill`."""
        return ("doubtful" if self.doubtful else "well") if self.well else "ill"


class Probe:
    """One check, run by at most one thread at a time; its answer serves every request for some seconds."""

    def __init__(self, name: str, ask: Callable[[], str]) -> None:
        self.name = name
        self._ask = ask
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._going = False
        self._answer: Health | None = None
        self._at = 0.0

    def start(self) -> None:
        """Ask anew, unless the last answer is fresh or the question is still out."""
        with self._lock:
            if self._going or (self._answer is not None and time.monotonic() - self._at < FRESH_SECONDS):
                return
            self._going = True
            self._answered.clear()
        threading.Thread(target=self._run, name=f"health-{self.name}", daemon=True).start()

    def answer(self, until: float) -> Health:
        """The answer, waited for until that monotonic moment; silence is an answer too."""
        if not self._answered.wait(max(0.0, until - time.monotonic())):
            return Health(self.name, False, "does not answer in time")
        with self._lock:
            return self._answer or Health(self.name, False, "was not asked yet")

    def forget(self) -> None:
        """Ask anew at the next opportunity."""
        with self._lock:
            self._at = 0.0
            self._answer = None

    def _run(self) -> None:
        try:
            answer = Health(self.name, True, self._ask())
        except Exception as error:  # noqa: BLE001 - whatever a service's client raises means that it is not well
            answer = Health(self.name, False, f"does not answer ({type(error).__name__})")
        with self._lock:
            self._answer, self._at, self._going = answer, time.monotonic(), False
        self._answered.set()


def ask_all(probes: Sequence[Probe]) -> list[Health]:
    """Every probe's answer, all together within the patience of one page."""
    until = time.monotonic() + PATIENCE_SECONDS
    for probe in probes:
        probe.start()
    return [probe.answer(until) for probe in probes]


def database() -> Health:
    """The control database, asked in the page's own connection."""
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('max_connections')::int, "
            "(SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL), pg_database_size(current_database())"
        )
        version, most, used, size = cursor.fetchone()
    milliseconds = (time.monotonic() - started) * 1000
    said = f"Postgres {version.split()[0]}, {used} of {most} connections, {columns.size(size)}, {milliseconds:.1f} ms"
    return Health("Database", used < most * FULL_PERCENT / 100, said)


def disk(path: str) -> Health:
    """The file system that holds `path`."""
    usage = shutil.disk_usage(path)
    percent = usage.used * 100 / usage.total
    return Health("Disk", percent < FULL_PERCENT, f"{percent:.0f} % full, {usage.free / 2**30:.0f} GiB free")
