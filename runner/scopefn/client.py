"""A scope function as the rest of the runner sees it.

The source is checked, compiled and run only in a locked process of its own, kept for the whole stage. A
breach of a limit kills that process and denies the call; the next call gets a fresh process, a few times,
and after that nothing is allowed any more.
"""

import contextlib
import pickle
import threading
import time
from collections.abc import Mapping, Sequence

from runner.scopefn import frames, validate, warm
from runner.scopefn.answers import Allowed, Denied, Reading
from runner.scopefn.errors import SandboxBreach, ScopeFnInvalid, ScopeSandboxUnavailable
from runner.scopefn.limits import ScopeLimits
from runner.scopefn.process import SandboxProcess

_CLOSED = Denied("the scope function has been stopped")
_STOPPED_TOO_OFTEN = Denied("the scope function broke its limits too often and was stopped")


class ScopeFunction:
    """One source in its locked process.

    Thread-safe: calls take turns. Use as a context manager or call close().
    """

    def __init__(self, source: str, *, limits: ScopeLimits) -> None:
        """Use ``start``, which also checks the source."""
        self._source = source
        self._limits = limits
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._process: SandboxProcess | None = None
        self._closed = False
        self._breaches = 0
        self._busy_seconds = 0.0

    @classmethod
    def start(cls, source: str, *, limits: ScopeLimits | None = None) -> "ScopeFunction":
        """Check a source in a locked process that stays ready for calls.

        Raises ScopeFnInvalid with a reason for the author, ScopeSandboxUnavailable when this machine
        can't lock.
        """
        validate.check_size(source)
        function = cls(source, limits=limits or ScopeLimits())
        try:
            function._fresh_process()
        except SandboxBreach as breach:
            function.close()
            raise ScopeFnInvalid(f"scope function could not be loaded: it {breach.reason}") from None
        except BaseException:
            function.close()
            raise
        return function

    @staticmethod
    def prewarm(count: int = 1) -> None:
        """Keep ``count`` locked processes waiting for the default limits; raises ScopeSandboxUnavailable."""
        warm.POOL.keep(count)

    def apply(
        self,
        *,
        sql: str,
        params: Sequence[object],
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        cut: bool = False,
    ) -> Allowed | Denied:
        """Let the function decide about rows given as tuples in the order of ``columns`` (distinct names).

        Values may be None, bool, int, float, str, bytes, Decimal, date, time, datetime, UUID and lists
        and dicts of these. Never raises for what the function does or what the rows hold: that is a
        denial.
        """
        return self._ask((sql, list(params), list(columns), list(rows), cut))

    def apply_dicts(
        self, *, sql: str, params: Sequence[object], rows: Sequence[Mapping[str, object]]
    ) -> Allowed | Denied:
        """The same for rows that are dicts already and need not have the same keys."""
        return self._ask((sql, list(params), None, [dict(row) for row in rows], False))

    def show(self, reading: Reading) -> Allowed | Denied:
        """The same for a reading, which makes a scope function a View."""
        return self._ask((reading.sql, list(reading.params), list(reading.columns), reading.rows, reading.cut))

    def close(self) -> None:
        """End the process; a call in progress and every later one is denied. Harmless when called twice."""
        with self._state:
            self._closed = True
            process = self._process
        if process is not None:
            process.interrupt()
        with self._turn:
            self._discard()

    def __enter__(self) -> "ScopeFunction":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # the interpreter may be going down
            self.close()

    def _ask(self, call: tuple[object, ...]) -> Allowed | Denied:
        try:
            payload = frames.CALL + pickle.dumps(call, protocol=pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
            return Denied("the rows can't be handed to the scope function")
        if len(payload) > self._limits.input_bytes:
            return Denied("the rows are too large for the scope function; read fewer")
        with self._turn:
            return self._ask_in_turn(payload)

    def _ask_in_turn(self, payload: bytes) -> Allowed | Denied:
        if self._closed:
            return _CLOSED
        try:
            process = self._living_process()
            if process is None:
                return _STOPPED_TOO_OFTEN
            started_at = time.monotonic()
            answer = process.exchange(payload, seconds=self._limits.call_seconds)
            self._busy_seconds += time.monotonic() - started_at
            return read_answer(answer)
        except SandboxBreach as breach:
            self._breaches += 1
            self._discard()
            return _CLOSED if self._closed else Denied(f"the scope function was stopped: it {breach.reason}")
        except (ScopeFnInvalid, ScopeSandboxUnavailable):
            self._breaches += 1
            self._discard()
            return Denied("the scope function could not be started again")

    def _living_process(self) -> SandboxProcess | None:
        # The kernel counts processor time over the whole life of a process, and an honest function must
        # not run into that wall in the middle of a call.
        if self._busy_seconds + self._limits.call_seconds > self._limits.cpu_seconds:
            self._discard()
        if self._process is not None:
            return self._process
        if self._breaches > self._limits.restarts:
            return None
        return self._fresh_process()

    def _fresh_process(self) -> SandboxProcess:
        process = warm.POOL.take(self._limits)
        with self._state:
            self._process = process
            self._busy_seconds = 0.0
            if self._closed:
                raise SandboxBreach("was closed")
        answer = process.exchange(
            frames.LOAD + self._source.encode("utf-8", "replace"), seconds=self._limits.call_seconds
        )
        if answer[:1] == frames.INVALID:
            raise ScopeFnInvalid(answer[1:].decode("utf-8", "replace")[: frames.MAX_REASON_CHARS])
        if answer != frames.LOADED:
            raise SandboxBreach("answered nonsense")
        return process

    def _discard(self) -> None:
        with self._state:
            process, self._process = self._process, None
        if process is not None:
            process.kill()


def read_answer(answer: bytes) -> Allowed | Denied:
    """Take an answer apart as a stranger's bytes; raises SandboxBreach for anything but a well-formed one."""
    kind, body = answer[:1], answer[1:]
    try:
        if kind == frames.ALLOWED:
            row_count, truncated, text = frames.unpack_allowed(body)
            return Allowed(json_text=text, row_count=row_count, truncated=truncated)
        if kind == frames.DENIED:
            reason, detail = frames.unpack_denied(body)
            return Denied(reason, detail)
    except ValueError:  # also UnicodeDecodeError
        pass
    raise SandboxBreach("answered nonsense")
