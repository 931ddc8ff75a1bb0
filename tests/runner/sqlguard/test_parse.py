"""What the parser explains before Postgres is asked."""

import logging
import time

import pytest

from runner.sqlguard import parse
from runner.sqlguard.verdicts import Code, Readable, Refused

ALLOWED = ["watch_history", "users", "Mixed"]


def verdict(sql: str) -> Readable | Refused:
    return parse.check(sql, allowed_tables=ALLOWED)


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", set()),
        ("SELECT * FROM watch_history", {"watch_history"}),
        ("SELECT * FROM WATCH_HISTORY w JOIN public.users u ON w.id = u.id", {"watch_history", "users"}),
        ('SELECT * FROM "Mixed"', {"Mixed"}),
        ("TABLE users", {"users"}),
        ("VALUES (1), (2)", set()),
        ("SELECT 1 UNION SELECT id FROM users", {"users"}),
        ("(SELECT 1) EXCEPT (SELECT 2)", set()),
        ("WITH secrets AS (SELECT 1) SELECT * FROM secrets", set()),
        ("WITH a AS (SELECT * FROM users), b AS (SELECT * FROM a) SELECT * FROM b", {"users"}),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", set()),
        ("WITH a AS (SELECT 1) SELECT * FROM a UNION SELECT * FROM a", set()),
        ("SELECT * FROM users, LATERAL (SELECT users.id) x", {"users"}),
        ("SELECT * FROM generate_series(1, 3), unnest(ARRAY[1]) WITH ORDINALITY", set()),
        ("SELECT count(*) FILTER (WHERE a > 1) OVER (PARTITION BY b) FROM users", {"users"}),
        ("SELECT DISTINCT ON (a) a->>'x', b #>> '{y}' FROM users ORDER BY a FETCH FIRST 5 ROWS ONLY", {"users"}),
        ("SELECT 'pg_sleep(1)', \"pg_sleep\" FROM users -- pg_sleep(1)", {"users"}),
        ("SELECT pg_typeof(1), users.current_user FROM users", {"users"}),
        ("SELECT id AS user FROM users", {"users"}),
        ("SELECT a FROM users WHERE b = $1 AND c LIKE 'x%'", {"users"}),
    ],
)
def test_a_read_of_the_rooms_tables_is_fine(sql: str, tables: set[str]) -> None:
    assert verdict(sql) == Readable(frozenset(tables))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM secrets",
        "SELECT * FROM watch_history, LATERAL (VALUES ((SELECT x FROM secrets))) v",
        "SELECT * FROM watch_history JOIN users ON (SELECT true FROM secrets)",
        "SELECT (SELECT x FROM secrets)",
        "SELECT 1 UNION SELECT 2 FROM secrets",
        "SELECT * FROM users WHERE id IN (SELECT y FROM (SELECT * FROM secrets) z)",
        "SELECT 1 ORDER BY (SELECT x FROM secrets)",
        "SELECT * FROM users LIMIT (SELECT x FROM secrets)",
        "SELECT count(*) OVER (PARTITION BY (SELECT x FROM secrets)) FROM users",
        "SELECT EXISTS(TABLE secrets)",
        "SELECT * FROM users WHERE id = ANY(TABLE secrets)",
        "SELECT ARRAY(SELECT x FROM secrets)",
        "SELECT CASE WHEN (SELECT true FROM secrets) THEN 1 END",
        "WITH a AS (SELECT * FROM secrets) SELECT 1",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "SELECT * FROM a, (WITH a AS (SELECT 1) SELECT * FROM a) x",
        "WITH users AS (SELECT 1) SELECT * FROM other.users",
        "SELECT * FROM other.users",
        "SELECT * FROM ONLY secrets",
        'SELECT * FROM "secrets"',
        "SELECT * FROM _hivemind_agents",
    ],
)
def test_another_table_is_refused_wherever_it_stands(sql: str) -> None:
    refused = verdict(sql)
    assert isinstance(refused, Refused) and refused.code is Code.TABLE


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM pg_class",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM PG_CATALOG.pg_proc",
        "SELECT * FROM pg_toast.pg_toast_1",
        "SELECT * FROM otherdb.public.users",
    ],
)
def test_the_servers_own_tables_are_refused(sql: str) -> None:
    assert verdict(sql).code is Code.CATALOG


@pytest.mark.parametrize(
    "sql",
    [
        *("INSERT INTO users VALUES (1)", "UPDATE users SET a = 1", "DELETE FROM users", "TRUNCATE users"),
        *("DROP TABLE users", "CREATE TABLE x AS SELECT 1", "ALTER TABLE users ADD a int", "COPY users TO STDOUT"),
        *("SELECT * INTO x FROM users", "SELECT * FROM users FOR UPDATE", "SELECT * FROM users FOR SHARE"),
        *(
            "WITH d AS (DELETE FROM users RETURNING *) SELECT * FROM d",
            "SELECT * FROM (SELECT * FROM users FOR UPDATE) x",
        ),
        *(
            "EXPLAIN SELECT 1",
            "SHOW all",
            "SET x = 1",
            "DO $$ BEGIN END $$",
            "CALL x()",
            "BEGIN",
            "PREPARE x AS SELECT 1",
        ),
        *(
            "GRANT ALL ON users TO PUBLIC",
            "VACUUM",
            "LISTEN x",
            "LOCK users",
            "MERGE INTO users USING x ON true WHEN MATCHED THEN DELETE",
        ),
    ],
)
def test_anything_but_a_read_is_refused(sql: str) -> None:
    refused = verdict(sql)
    assert isinstance(refused, Refused)
    assert refused.code is Code.NOT_A_READ
    assert refused.sentence == "Only SELECT queries are allowed"


@pytest.mark.parametrize(
    "call",
    [
        *("pg_sleep(1)", "pg_catalog.pg_sleep(1)", "PG_SLEEP(1)", '"pg_sleep"(1)', "pg_sleep /* x */ (1)"),
        *("query_to_xml('SELECT 1', true, true, '')", "table_to_xml('x', true, true, '')", "ts_stat('SELECT 1')"),
        *("lo_import('/etc/passwd')", "lo_create(1)", "dblink('x', 'y')", "current_setting('x')", "nextval('x')"),
        *("set_config('a', 'b', true)", "pg_advisory_lock(1)", "txid_current()", "pg_read_file('x')", "version()"),
        *("has_table_privilege('x', 'SELECT')", "to_regclass('x')", "current_user", "session_user", "current_catalog"),
    ],
)
def test_a_function_that_does_more_than_compute_is_refused(call: str) -> None:
    assert verdict(f"SELECT {call}").code is Code.FUNCTION
    assert verdict(f"SELECT * FROM users WHERE ({call}) IS NULL").code is Code.FUNCTION


@pytest.mark.parametrize("sql", ["SELECT FROM WHERE", "SELECT (", "hello", "SELECT * FROM users WHERE ((", "❤"])
def test_what_can_not_be_understood_is_refused(sql: str) -> None:
    assert isinstance(verdict(sql), Refused)


def test_two_statements_are_refused() -> None:
    assert verdict("SELECT 1; SELECT 2").code is Code.MANY_STATEMENTS


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("ARRAY[", "]"),
        ("(", ")"),
        ("f(", ")"),
        ("date (", ")"),
        ("struct(", ")"),
        ("CASE WHEN ", " THEN 1 END"),
        ("- ", ""),
    ],
)
@pytest.mark.parametrize("depth", [20, 60, 500])
def test_no_nesting_keeps_the_parser_busy(opening: str, closing: str, depth: int) -> None:
    started_at = time.process_time()
    verdict(f"SELECT {opening * depth}1{closing * depth}")
    assert time.process_time() - started_at < 3


def test_statements_never_reach_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for sql in ("EXPLAIN SELECT 'private'", "CALL private()", "SELECT 'private' FROM", "SHOW private"):
            verdict(sql)
    assert "private" not in caplog.text


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "'a'::text",
            "1::numeric(3, 1)",
            "'{1}'::int[]",
            "now()::timestamptz",
            "'x'::tsvector",
            "'a'::\"char\"::text",
        ),
        *("'$'::jsonpath", "'x'::citext", "null::oid", "CAST('1' AS bigint)", "'(1,2)'::point", "null::users"),
        *("'x'::cidr", "interval '1 day'", "date '2024-01-01'", "'[1,2]'::int4range", "'x'::bytea", "'x'::varchar(3)"),
    ],
)
def test_types_that_tell_of_nothing_else_are_no_trouble(expression: str) -> None:
    assert isinstance(verdict(f"SELECT {expression} FROM users"), Readable)


@pytest.mark.parametrize("name", ["secrets", "public.users", '"Secrets"', "regclass", "pg_class", "mood"])
def test_types_that_may_tell_of_other_tables_are_refused(name: str) -> None:
    assert verdict(f"SELECT null::{name}").code is Code.TYPE
    assert verdict(f"SELECT 1 FROM users WHERE CAST(null AS {name}) IS NULL").code is Code.TYPE
