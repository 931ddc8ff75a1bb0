"""Run SQL that a stranger wrote, and read its answer while it arrives, never more of it than allowed.

The limits hold whatever the SQL does: time is measured here and not only by the server, which a statement may
tell otherwise; size is measured on the connection, so that one enormous row does not fill our memory either.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import ClientCursor, errors, pq
from psycopg.adapt import Transformer
from psycopg.types.json import Jsonb

from tenants.databases import server, values
from tenants.databases.metered import MeteredSocket
from tenants.errors import SqlRefused

MIB = 1024 * 1024
DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
# To drop what a view reads, and to change the type of a column that one reads.
DEPENDED_ON = (errors.DependentObjectsStillExist.sqlstate, errors.FeatureNotSupported.sqlstate)
COPY = (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH)


@dataclass(frozen=True)
class Limits:
    """What one call may take: rows and bytes as the database sends them, and seconds for all of it."""

    rows: int = 10_000
    size_bytes: int = 16 * MIB
    seconds: float = 35.0


class LimitReached(SqlRefused):
    """The answer was cut off and the session must be ended; nothing of the statement was kept."""

    code = "sql_limit_reached"


class InTheWay(SqlRefused):
    """Something depends on what the statement was to change, and nothing was changed."""


@dataclass
class Answer:
    """The answer to the last statement: its rows by column name, and how many rows it touched."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rowcount: int = 0


def run(
    connection: server.Connection, statement: str, params: Sequence[Any], *, limits: Limits | None = None
) -> Answer:
    """Run `statement` in one transaction and return the answer to its last part.

    With `params` exactly one statement with `%s` placeholders; without them any number, and `%` means itself.
    Raises SqlRefused with the database's text, or LimitReached with the connection closed; both undo the
    transaction.
    """
    values.install(connection.adapters)
    query = _encoded(connection, statement, params)
    limits = limits or Limits()
    with connection.transaction():
        try:
            with MeteredSocket(connection.pgconn) as meter:
                reader = _Reader(connection, meter, limits)
                reader.send(query, alone=bool(params))
                return reader.read()
        except LimitReached:
            connection.close()
            raise


def _encoded(connection: server.Connection, statement: str, params: Sequence[Any]) -> bytes:
    try:
        if not params:
            return statement.encode()
        plain = [Jsonb(value) if isinstance(value, dict) else value for value in params]
        return ClientCursor(connection).mogrify(statement, plain).encode()
    except UnicodeEncodeError as error:
        raise SqlRefused("sql and params must be valid Unicode text without surrogates") from error
    except (psycopg.Error, TypeError, ValueError) as error:
        raise SqlRefused(str(error)) from error


class _Reader:
    """Sends one query over a connection and reads its results row by row."""

    def __init__(self, connection: server.Connection, meter: MeteredSocket, limits: Limits) -> None:
        self._pg = connection.pgconn
        self._meter = meter
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds
        self._rows_read = 0
        self._answer = Answer()
        self._names: list[str] = []
        self._rows: list[dict[str, Any]] = []
        self._failure: SqlRefused | None = None
        self._transformer = Transformer(connection)

    def send(self, query: bytes, *, alone: bool) -> None:
        """Send the query. `alone`: in the protocol that refuses a second statement."""
        if alone:
            self._pg.send_query_params(query, None)
        else:
            self._pg.send_query(query)
        self._pg.set_single_row_mode()
        while self._pg.flush() or not self._meter.everything_is_sent:
            self._step()

    def read(self) -> Answer:
        """Read to the end. Raises SqlRefused with the first failure, LimitReached at once."""
        while True:
            while self._pg.is_busy():
                self._step()
            result = self._pg.get_result()
            if result is None:
                break
            self._take(result)
        if self._failure is not None:
            raise self._failure
        return self._answer

    def _step(self) -> None:
        if not self._meter.step(self._deadline - time.monotonic()):
            raise LimitReached(f"The statement took longer than {self._limits.seconds:g} seconds")
        if self._meter.received_bytes > self._limits.size_bytes:
            mib = self._limits.size_bytes / MIB
            raise LimitReached(f"The result is larger than {mib:g} MiB; select fewer rows or columns")
        self._pg.consume_input()

    def _take(self, result: pq.abc.PGresult) -> None:
        if result.status == pq.ExecStatus.SINGLE_TUPLE:
            self._add_row(result)
        elif result.status in DONE:
            touched = result.command_tuples or 0
            self._answer = Answer(self._rows, touched)
            self._rows, self._names = [], []
        elif result.status in COPY:
            raise LimitReached("COPY from or to the client is not possible here; use INSERT and SELECT")
        elif result.status == pq.ExecStatus.EMPTY_QUERY:
            self._failure = self._failure or SqlRefused("sql holds no statement")
        else:
            self._failure = self._failure or _refused(result)

    def _add_row(self, result: pq.abc.PGresult) -> None:
        self._rows_read += 1
        if self._rows_read > self._limits.rows:
            raise LimitReached(f"The result has more than {self._limits.rows} rows; add a LIMIT")
        self._transformer.set_pgresult(result)
        if not self._names:
            columns = [(result.fname(i) or b"").decode() for i in range(result.nfields)]
            self._names = values.unique_names(columns)
        row = self._transformer.load_row(0, tuple)
        self._rows.append(dict(zip(self._names, row or (), strict=True)))


def _refused(result: pq.abc.PGresult) -> SqlRefused:
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode(errors="replace")
    return (InTheWay if state in DEPENDED_ON else SqlRefused)(_sentence(result))


def _sentence(result: pq.abc.PGresult) -> str:
    parts = [
        (result.error_field(name) or b"").decode(errors="replace")
        for name in (pq.DiagnosticField.MESSAGE_PRIMARY, pq.DiagnosticField.MESSAGE_DETAIL)
    ]
    hint = (result.error_field(pq.DiagnosticField.MESSAGE_HINT) or b"").decode(errors="replace")
    text = "; ".join(part for part in parts if part) or "The connection to the database was lost"
    return f"{text} (hint: {hint})" if hint else text
