"""The owner's SQL: what it answers, and that its limits hold whatever it tries."""

import resource
import time

import pytest

from tenants.databases import session
from tenants.databases.statements import Limits
from tenants.errors import SqlRefused
from tenants.services import sql
from tests.factories.tenants import alice, with_database


@pytest.fixture
def owner(db: None):
    return with_database(alice()).owner


def rows(owner, statement: str, *params):
    return sql.run(owner, statement, params=params).rows


def sessions_of(owner) -> int:
    with session.admin_connection(owner.tenant) as connection:
        found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [owner.tenant.db_owner])
        return found.fetchone()[0]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1 AS n UNION SELECT 2 ORDER BY 1", [{"n": 1}, {"n": 2}]),
        ("VALUES (1, 'a')", [{"column1": 1, "column2": "a"}]),
        ("TABLE empty", []),
        ("SHOW server_encoding", [{"server_encoding": "UTF8"}]),
        ("WITH w AS (SELECT 1 AS n) SELECT * FROM w;", [{"n": 1}]),
        ("SELECT '100%' AS v, 5 % 3 AS rest", [{"v": "100%", "rest": 2}]),
        ("SELECT '%s %%' AS v", [{"v": "%s %%"}]),
    ],
)
def test_everything_that_gives_rows_gives_them(owner, statement, expected):
    sql.run(owner, "CREATE TABLE empty (id int)")
    assert rows(owner, statement) == expected


def test_changes_are_kept_and_counted(owner):
    assert sql.run(owner, "CREATE TABLE t (id int, body text)").rowcount == 0
    inserted = sql.run(owner, "INSERT INTO t VALUES (%s, %s) RETURNING id, body", params=[1, "50%"])
    assert (inserted.rows, inserted.rowcount) == ([{"id": 1, "body": "50%"}], 1)
    assert sql.run(owner, "INSERT INTO t SELECT g, 'x' FROM generate_series(2, 4) g").rowcount == 3
    assert sql.run(owner, "UPDATE t SET body = 'y' WHERE id > 2").rowcount == 2
    assert sql.run(owner, "SELECT * FROM t").rowcount == 4
    assert sql.run(owner, "DROP TABLE t").rowcount == 0


def test_parameters_are_values_and_never_sql(owner):
    found = rows(owner, "SELECT %s AS a, %s AS b, %s AS c, %s::int[] AS d", "'; DROP TABLE t; --", None, True, [1, 2])
    assert found == [{"a": "'; DROP TABLE t; --", "b": None, "c": True, "d": [1, 2]}]
    assert rows(owner, "SELECT %s::jsonb AS v", {"k": [1]}) == [{"v": {"k": [1]}}]
    assert rows(owner, "SELECT '50%%' AS v, %s AS w", 1) == [{"v": "50%", "w": 1}]


def test_several_statements_are_one_transaction_and_need_no_parameters(owner):
    assert rows(owner, "CREATE TABLE t (id int); INSERT INTO t VALUES (1); SELECT * FROM t") == [{"id": 1}]
    with pytest.raises(SqlRefused, match="division by zero"):
        sql.run(owner, "INSERT INTO t VALUES (2); SELECT 1/0")
    assert rows(owner, "SELECT * FROM t") == [{"id": 1}]
    with pytest.raises(SqlRefused, match="multiple commands"):
        sql.run(owner, "SELECT %s; SELECT 2", params=[1])


@pytest.mark.parametrize(
    ("statement", "params", "said"),
    [
        ("SELECT * FROM missing", [], 'relation "missing" does not exist'),
        ("SELEC", [], "syntax error"),
        ("SELECT %s, %s", [1], "parameters"),
        ("SELECT %d", [1], "placeholder"),
        ("SELECT %(name)s", [1], "param"),
        ("SELECT 5 % 3, %s", [1], "placeholder"),
        ("-- nothing", [], "no statement"),
        ("SELECT '\ud800'", [], "Unicode"),
        ("SELECT %s", ["\ud800"], "Unicode"),
        ("COPY (SELECT 1) TO STDOUT", [], "COPY"),
        ("CREATE TABLE t (id int); COPY t FROM STDIN", [], "COPY"),
        ("ROLLBACK; SELECT 1/0", [], "division by zero"),
        (
            "DO $$ BEGIN RAISE EXCEPTION 'mine' USING DETAIL = 'more', HINT = 'try'; END $$",
            [],
            r"mine; more \(hint: try\)",
        ),
        ("SELECT pg_terminate_backend(pg_backend_pid())", [], "terminating|lost"),
    ],
)
def test_a_failure_says_what_the_database_says(owner, statement, params, said):
    with pytest.raises(SqlRefused, match=said):
        sql.run(owner, statement, params=params)


def test_a_constraint_checked_at_the_end_fails_the_call(owner):
    sql.run(owner, "CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(SqlRefused, match="duplicate key"):
        sql.run(owner, "INSERT INTO t VALUES (1), (1)")
    assert rows(owner, "SELECT * FROM t") == []


def test_more_rows_than_allowed_are_refused_and_undone(owner):
    sql.run(owner, "CREATE TABLE t (id int)")
    assert len(rows(owner, "SELECT * FROM generate_series(1, 10000)")) == 10_000
    with pytest.raises(SqlRefused, match="more than 10000 rows"):
        sql.run(owner, "INSERT INTO t SELECT generate_series(1, 10001) RETURNING id")
    assert rows(owner, "SELECT * FROM t") == []
    with pytest.raises(SqlRefused, match="more than 10000 rows"):
        sql.run(owner, "SELECT generate_series(1, 1000000000)")


def test_an_enormous_row_is_refused_without_being_held_in_memory(owner):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SqlRefused, match="larger than 16 MiB"):
        sql.run(owner, "SELECT repeat('x', 200000000)")
    with pytest.raises(SqlRefused, match="larger than 16 MiB"):
        sql.run(owner, "SELECT repeat('x', 1000000) FROM generate_series(1, 100)")
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 120 * 1024
    assert sessions_of(owner) == 0


def test_notices_count_towards_the_size(owner):
    with pytest.raises(SqlRefused, match="larger than 1 MiB"):
        sql.run(
            owner,
            "DO $$ BEGIN LOOP RAISE NOTICE '%', repeat('x', 100000); END LOOP; END $$",
            limits=Limits(size_bytes=1024 * 1024),
        )


@pytest.mark.parametrize(
    "statement",
    [
        "SET statement_timeout = 0; SELECT pg_sleep(60)",
        "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$",
    ],
)
def test_time_is_up_whatever_the_statement_does_to_its_timeout(owner, statement):
    started = time.monotonic()
    with pytest.raises(SqlRefused, match="longer than"):
        sql.run(owner, statement, limits=Limits(seconds=0.5))
    assert time.monotonic() - started < 10
    deadline = time.monotonic() + 5
    while sessions_of(owner) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sessions_of(owner) == 0


def test_the_server_itself_ends_a_statement_in_time(owner):
    with session.owner_connection(owner.tenant) as connection:
        shown = connection.execute("SHOW statement_timeout").fetchone()
    assert shown == ("30s",)


def test_temporary_files_are_limited_where_the_server_lets_us(owner):
    with session.owner_connection(owner.tenant) as connection:
        limit = connection.execute("SELECT current_setting('temp_file_limit')").fetchone()[0]
        may = connection.execute(
            "SELECT has_parameter_privilege(%s, 'temp_file_limit', 'SET')",
            [session.roles.server.control.settings_dict["USER"]],
        ).fetchone()[0]
    assert limit == ("1GB" if may else "-1")


def test_a_huge_statement_is_sent_in_full(owner):
    text = "x" * 3_000_000
    assert rows(owner, f"SELECT length('{text}') AS n") == [{"n": 3_000_000}]


def test_no_cell_of_another_call_is_seen(owner):
    sql.run(owner, "SET search_path = pg_catalog; CREATE TEMP TABLE leftover (id int)")
    with pytest.raises(SqlRefused, match="does not exist"):
        sql.run(owner, "SELECT * FROM leftover")


def test_psycopg_stays_quiet(owner, caplog):
    with pytest.raises(SqlRefused):
        sql.run(owner, "SELECT generate_series(1, 100000)")
    with pytest.raises(SqlRefused):
        sql.run(owner, "SELECT 1/0")
    assert [r for r in caplog.records if r.name.startswith("psycopg")] == []
