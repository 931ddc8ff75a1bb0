"""Reading as a room's role: one kept connection, a read-only transaction per statement, limits on the way.

Whatever text comes in, it runs as the inner query of a SELECT of ours in the protocol that takes one
statement only. So it can't be anything but a query, and our row limit and size check stand outside of
it.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from runner.sqlguard import failures, values
from runner.sqlguard.binding import Statement

MIB = 1024 * 1024
Connection = psycopg.Connection[Any]

# Rows per message of a stream; with the limit of one row it bounds what a hostile result can make us hold.
_CHUNK_ROWS = 32
_BYTES_PER_VALUE = 8
_CANCEL_SECONDS = 2.0
_ALIAS = "room_reading"


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one read may bring and take. Sizes are those of Postgres' own row format."""

    rows: int = 10_000
    size_bytes: int = 16 * MIB
    row_bytes: int = 2 * MIB
    seconds: int = 30


@dataclass(frozen=True, slots=True)
class Result:
    """Rows as tuples in the order of ``columns`` (names as Postgres gives them, perhaps repeated).

    ``cut`` says that the statement had more rows.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    cut: bool


class RoomSession:
    """A room's reader.

    Thread-safe: reads take turns. The connection is opened at the first read and when it died.
    """

    def __init__(self, connect: Callable[[], Connection], *, limits: ReadLimits | None = None) -> None:
        self._connect = connect
        self._limits = limits or ReadLimits()
        self._turn = threading.Lock()
        self._conn: Connection | None = None
        self._closed = False

    def read(self, statement: Statement) -> Result:
        """Run one statement and return its rows. Raises failures.ReadFailed."""
        with self._turn:
            was_connected = self._conn is not None
            try:
                return self._read_once(statement)
            except (psycopg.Error, UnicodeError) as error:
                died = isinstance(error, psycopg.OperationalError) and was_connected and self._lost()
                if self._closed or not died:
                    raise self._explained(error) from None
            try:
                return self._read_once(statement)
            except (psycopg.Error, UnicodeError) as error:
                raise self._explained(error) from None

    def interrupt(self) -> None:
        """End a read in progress early, from another thread, and refuse every later one."""
        self._closed = True
        conn = self._conn
        if conn is not None and not conn.closed:
            with suppress(psycopg.Error):
                conn.cancel_safe(timeout=_CANCEL_SECONDS)

    def close(self) -> None:
        """End the session. Harmless when called twice."""
        self.interrupt()
        with self._turn:
            if self._conn is not None:
                self._conn.close()
                self._conn = None

    def _explained(self, error: Exception) -> failures.ReadFailed:
        return failures.ended() if self._closed else failures.explained(error, seconds=self._limits.seconds)

    def _lost(self) -> bool:
        return self._conn is None or self._conn.closed or self._conn.broken

    def _read_once(self, statement: Statement) -> Result:
        if self._closed:
            raise failures.ended()
        conn = self._live_connection()
        conn.execute("BEGIN READ ONLY")
        try:
            return self._stream(conn, statement)
        finally:
            with suppress(psycopg.Error):  # a dead connection has nothing to roll back
                conn.execute("ROLLBACK")

    def _live_connection(self) -> Connection:
        if self._conn is not None and not self._lost():
            return self._conn
        conn = self._connect()
        try:
            conn.autocommit = True
            values.install(conn.adapters)
            settings = {**values.SESSION_SETTINGS, "statement_timeout": f"{self._limits.seconds}s"}
            conn.execute(
                sql.SQL("; ").join(
                    sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
                    for name, value in settings.items()
                )
            )
            if conn.info.parameter_status("is_superuser") != "off":
                raise failures.ReadFailed("the database is not set up for agents")
        except BaseException:
            conn.close()
            raise
        self._conn = conn
        return conn

    def _stream(self, conn: Connection, statement: Statement) -> Result:
        ends_at = time.monotonic() + self._limits.seconds
        rows: list[tuple[Any, ...]] = []
        size_left = self._limits.size_bytes
        cursor = psycopg.RawCursor(conn)
        stream = cursor.stream(self._wrapped(statement.text), list(statement.params) or None, size=_CHUNK_ROWS)
        try:
            for row in stream:
                size_left -= row[0] + _BYTES_PER_VALUE * len(row)
                if size_left < 0:
                    raise failures.too_large(self._limits.size_bytes)
                rows.append(row)
                if time.monotonic() > ends_at:
                    raise failures.too_slow(self._limits.seconds)
        finally:
            stream.close()  # type: ignore[attr-defined]  # a generator: cancels what is still running
        columns = tuple(column.name for column in cursor.description or ())
        kept = rows[: self._limits.rows]
        return Result(columns[1:], [row[1:] for row in kept], cut=len(rows) > len(kept))

    def _wrapped(self, text: str) -> bytes:
        """Put the statement inside a SELECT that limits rows and refuses a large row before it is sent."""
        size = f"pg_column_size({_ALIAS}.*)"
        most = self._limits.row_bytes
        guard = f"CASE WHEN {size} <= {most} THEN {size} ELSE ('{failures.ROW_TOO_LARGE}' || {size})::int END"
        # The statement is lexically closed (see binding), so it can't leave the parentheses. OFFSET 0 keeps the
        # planner from evaluating its columns once for the guard and once more for the result.
        inner = f"SELECT * FROM (\n{text}\n) AS statement OFFSET 0"  # noqa: S608
        outer = f"SELECT {guard}, {_ALIAS}.* FROM ({inner}) AS {_ALIAS} LIMIT {self._limits.rows + 1}"  # noqa: S608
        return outer.encode()
