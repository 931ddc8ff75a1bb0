"""What a scope function and a read cost: `python -m bench.scopefn [DSN of a role that is no superuser]`."""

import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal

import psycopg

from runner.scopefn.answers import Reading
from runner.scopefn.client import ScopeFunction
from runner.sqlguard.binding import bind
from runner.sqlguard.session import RoomSession
from runner.tools.sql import SqlTool

SOURCE = """
def scope(sql, params, rows):
    return {'allow': True, 'rows': [{k: v for k, v in r.items() if k != 'note'} for r in rows if r['id'] >= 0]}
"""
COLUMNS = ["id", "title", "price", "seen_at", "score", "active", "note", "team"]
LARGE = """
    SELECT n AS id, 'title ' || n AS title, n * 1.10 AS price, timestamptz '2024-01-01' + n * interval '1 s' AS seen_at,
           n / 2.0::float8 AS score, n % 2 = 0 AS active, 'a note' AS note, 'team ' || n % 7 AS team
    FROM generate_series(1, 10000) n
"""


def timed(name: str, call: Callable[[], object], *, times: int) -> None:
    """Print median and 95th percentile of a call in milliseconds."""
    spent = []
    for _ in range(times):
        started_at = time.perf_counter()
        call()
        spent.append((time.perf_counter() - started_at) * 1000)
    spent.sort()
    print(f"{name:46} p50 {statistics.median(spent):8.2f} ms   p95 {spent[int(len(spent) * 0.95)]:8.2f} ms")


def main() -> None:
    """Measure and print."""
    timed("start a function", lambda: ScopeFunction.start(SOURCE).close(), times=10)
    ScopeFunction.prewarm(10)
    time.sleep(1.5)
    timed("start a function, process waiting", lambda: ScopeFunction.start(SOURCE).close(), times=8)
    ScopeFunction.prewarm(0)
    moment = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    rows = [(n, f"title {n}", Decimal(n), moment, n / 2, True, "a note", "team") for n in range(10_000)]
    with ScopeFunction.start(SOURCE) as function:
        small, large = (Reading("SELECT", (), COLUMNS, part) for part in (rows[:1], rows))
        timed("one row through the function", lambda: function.show(small), times=500)
        timed("10,000 rows x 8 columns through the function", lambda: function.show(large), times=10)
        if len(sys.argv) > 1:
            measure_reads(sys.argv[1], function)


def measure_reads(dsn: str, function: ScopeFunction) -> None:
    """The same with Postgres in front."""
    session = RoomSession(lambda: psycopg.connect(dsn))
    timed("read one row", lambda: session.read(bind("SELECT 1 AS id", ())), times=200)
    timed("read 10,000 rows x 8 columns", lambda: session.read(bind(LARGE, ())), times=10)
    tool = SqlTool(lambda: psycopg.connect(dsn), allowed_tables=["any"], view=function)
    timed("execute_sql, one row", lambda: tool.call({"sql": "SELECT 1 AS id"}), times=200)
    timed("execute_sql, 10,000 rows x 8 columns", lambda: tool.call({"sql": LARGE}), times=10)
    tool.close()
    session.close()


if __name__ == "__main__":
    main()
