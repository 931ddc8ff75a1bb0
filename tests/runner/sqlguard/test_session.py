"""Reading: limits while rows arrive, values, turns, lost connections, and errors that give nothing away."""

import datetime as dt
import os
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest

from runner.sqlguard import binding
from runner.sqlguard.failures import ReadFailed
from runner.sqlguard.session import MIB, RoomSession
from tests.runner.sqlguard.places import Place, reading, session_of
from tests.tenants.databases.conftest import as_superuser


def test_rows_beyond_the_limit_are_not_read_and_said_to_be_missing(place: Place) -> None:
    session = session_of(place, rows=100)
    result = session.read(binding.bind("SELECT id FROM many ORDER BY id", ()))
    assert result.cut is True
    assert [row[0] for row in result.rows] == list(range(1, 101))
    assert session.read(binding.bind("SELECT id FROM many LIMIT 100", ())).cut is False
    session.close()


def test_an_endless_result_ends_at_the_limit_at_once(room_session: RoomSession) -> None:
    started_at = time.monotonic()
    rows = reading(room_session, "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
    assert len(rows) == 10_000
    assert time.monotonic() - started_at < 5


def test_a_result_with_too_many_bytes_is_stopped_while_it_arrives(place: Place) -> None:
    session = session_of(place, size_bytes=MIB)
    tracemalloc.start()
    with pytest.raises(ReadFailed, match="larger than 1 MiB"):
        reading(session, "SELECT repeat('x', 100000) FROM generate_series(1, 10000)")
    assert tracemalloc.get_traced_memory()[1] < 20 * MIB
    tracemalloc.stop()
    assert reading(session, "SELECT 1") == [(1,)]
    session.close()


@pytest.mark.parametrize("column", ["NULL", "true", "''"])
def test_many_tiny_values_count_too(place: Place, column: str) -> None:
    session = session_of(place, size_bytes=MIB)
    columns = ", ".join([column] * 500)
    with pytest.raises(ReadFailed, match="larger than"):
        reading(session, f"SELECT {columns} FROM generate_series(1, 10000)")
    session.close()


@pytest.mark.parametrize("size", [3_000_000, 200_000_000])
def test_one_enormous_row_is_refused_before_it_is_sent(room_session: RoomSession, size: int) -> None:
    with pytest.raises(ReadFailed, match="a row of the result is too large"):
        reading(room_session, f"SELECT repeat('x', {size})")
    assert reading(room_session, "SELECT 1") == [(1,)]


@pytest.mark.skipif(bool(os.environ.get("HIVEMIND_TEST_DATABASE_URL")), reason="the server's limits are its own")
def test_a_statement_that_takes_all_memory_fails_alone(place: Place, room_session: RoomSession) -> None:
    longs = ", ".join(f"length(repeat(title || {n}, 50000000))" for n in range(4))
    bystander = session_of(place)
    assert reading(bystander, "SELECT 1") == [(1,)]
    assert bystander._conn is not None
    pid = bystander._conn.info.backend_pid
    with pytest.raises(ReadFailed, match="too much memory"):
        reading(room_session, f"SELECT {longs} FROM watch_history LIMIT 1")
    assert reading(room_session, "SELECT 1") == reading(bystander, "SELECT 1") == [(1,)]
    assert bystander._conn.info.backend_pid == pid
    bystander.close()


def test_a_statement_that_takes_too_long_is_cancelled(place: Place) -> None:
    session = session_of(place, seconds=1)
    started_at = time.monotonic()
    with pytest.raises(ReadFailed, match="longer than 1 seconds"):
        reading(session, "SELECT count(*) FROM many a, many b, many c")
    assert time.monotonic() - started_at < 5
    assert reading(session, "SELECT 1") == [(1,)]
    session.close()


def test_values_keep_their_meaning(room_session: RoomSession) -> None:
    statement = """
        SELECT 12345678901234567890::numeric, 1.10::numeric, 9007199254740993, 1.5::float8, 'NaN'::float8,
               timestamptz '2024-01-02 03:04:05+02', date '2024-01-02', time '03:04', interval '1 month 2 days',
               '\\x00ff'::bytea, '{"a": [1, null]}'::jsonb, uuid '00000000-0000-0000-0000-000000000001',
               ARRAY[1, 2], inet '10.0.0.1', int4range(1, 3), NULL, true
    """
    row = reading(room_session, statement)[0]
    assert row[:4] == (Decimal("12345678901234567890"), Decimal("1.10"), 9007199254740993, 1.5)
    assert row[4] != row[4]
    assert row[5:9] == (
        dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=dt.UTC),
        dt.date(2024, 1, 2),
        dt.time(3, 4),
        "P1M2D",
    )
    assert row[9:12] == (b"\x00\xff", {"a": [1, None]}, "00000000-0000-0000-0000-000000000001")
    assert row[12:] == ([1, 2], "10.0.0.1", "[1,3)", None, True)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("timestamptz 'infinity'", "infinity"),
        ("timestamp '20000-01-01'", "20000-01-01 00:00:00"),
        ("date '0044-03-15 BC'", "0044-03-15 BC"),
        ("time '24:00'", "24:00:00"),
        ("ARRAY[timestamp '-infinity']", ["-infinity"]),
        ("ROW(1, 'a')", "(1,a)"),
    ],
)
def test_what_python_can_not_hold_is_text(room_session: RoomSession, expression: str, text: object) -> None:
    assert reading(room_session, f"SELECT {expression}") == [(text,)]


def test_columns_of_one_name_all_arrive(room_session: RoomSession) -> None:
    result = room_session.read(binding.bind("SELECT 1 AS a, 2 AS a, 3", ()))
    assert (result.columns, result.rows) == (("a", "a", "?column?"), [(1, 2, 3)])


def test_params_are_bound_as_values(room_session: RoomSession) -> None:
    hostile = "x' OR 1=1; DROP TABLE many; --"
    assert reading(room_session, "SELECT %s, %s::int, %s::text", hostile, 5, None) == [(hostile, 5, None)]
    assert reading(room_session, "SELECT count(*) FROM many WHERE id = ANY(%s)", [1, 2, 3]) == [(3,)]
    assert reading(room_session, "SELECT count(*) FROM watch_history WHERE title LIKE %s", "title 1%") == [(12,)]


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", [1, "x", {}], [[1], [2, 3]]])
def test_params_that_can_not_be_sent_are_an_answer(room_session: RoomSession, value: object) -> None:
    with pytest.raises(ReadFailed):
        reading(room_session, "SELECT %s", value)
    assert reading(room_session, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT title::int FROM watch_history",
        "SELECT ('x' || title)::boolean FROM watch_history",
        "SELECT (tags->>'n')::date FROM watch_history",
        "SELECT jsonb_path_query(jsonb_build_object('t', title), 'strict $.t.double()') FROM watch_history",
        "SELECT to_timestamp(title, 'YYYY') FROM watch_history",
    ],
)
def test_a_failing_cast_does_not_quote_data_to_who_reads_through_a_filter(
    room_session: RoomSession, statement: str
) -> None:
    with pytest.raises(ReadFailed) as failure:
        reading(room_session, statement)
    assert "title 1" not in failure.value.reason and '"' not in failure.value.reason
    assert failure.value.reason.startswith("the query failed (2")


def test_an_error_about_the_statement_is_told(room_session: RoomSession) -> None:
    with pytest.raises(ReadFailed, match='column "nope" does not exist'):
        reading(room_session, "SELECT nope FROM many")


def test_a_server_that_can_not_be_reached_gives_no_address_away() -> None:
    session = RoomSession(lambda: psycopg.connect("host=127.0.0.1 port=1 user=r_secret password=hush dbname=tenant_x"))
    with pytest.raises(ReadFailed) as failure:
        reading(session, "SELECT 1")
    for word in ("127.0.0.1", "r_secret", "hush", "tenant_x"):
        assert word not in failure.value.detail


def test_a_connection_that_died_is_replaced(place: Place) -> None:
    session = session_of(place)
    reading(session, "SELECT 1")
    assert session._conn is not None
    pid = session._conn.info.backend_pid
    with as_superuser("postgres") as power:
        power.execute("SELECT pg_terminate_backend(%s)", [pid])
        while power.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is not None:
            time.sleep(0.01)
    assert reading(session, "SELECT 1") == [(1,)]
    session.close()


def test_many_threads_read_in_turns(room_session: RoomSession) -> None:
    with ThreadPoolExecutor(6) as pool:
        rows = list(pool.map(lambda n: reading(room_session, "SELECT %s::int", n), range(60)))
    assert rows == [[(n,)] for n in range(60)]


def test_an_interrupted_read_ends_early_and_no_other_begins(place: Place) -> None:
    session = session_of(place)
    reading(session, "SELECT 1")
    timer = threading.Timer(0.3, session.interrupt)
    timer.start()
    started_at = time.monotonic()
    for statement in ("SELECT count(*) FROM many a, many b, many c", "SELECT 1"):
        with pytest.raises(ReadFailed, match="stage has ended"):
            reading(session, statement)
    assert time.monotonic() - started_at < 5
    session.close()
    session.close()


def test_nothing_of_one_read_is_there_for_the_next(room_session: RoomSession) -> None:
    with pytest.raises(ReadFailed):
        reading(room_session, "SELECT 1/0")
    assert room_session._conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert reading(room_session, "SELECT 1") == [(1,)]
