"""The parser is switched off: as the room's reader, Postgres alone refuses."""

import time

import psycopg
import pytest

from runner.sqlguard.failures import ReadFailed
from runner.sqlguard.session import RoomSession
from runner.sqlguard.verdicts import Refusal
from tenants.databases import names
from tests.runner.sqlguard.places import Place, reading, session_of
from tests.tenants.databases.conftest import as_superuser

HIDDEN = {
    "another table": "SELECT word FROM secrets",
    "a column of another table": "SELECT count(word) FROM public.secrets",
    "a lateral subquery": "SELECT * FROM watch_history, LATERAL (VALUES ((SELECT word FROM secrets))) v",
    "a subquery in a join condition": "SELECT * FROM watch_history JOIN many ON (SELECT true FROM secrets)",
    "a subquery in a limit": "SELECT 1 LIMIT (SELECT length(word) FROM secrets)",
    "a set operation": "SELECT title FROM watch_history UNION ALL SELECT word FROM secrets",
    "a whole table": "TABLE secrets",
    "a query in a function": "SELECT query_to_xml('SELECT word FROM secrets', true, true, '')",
    "a query in another function": "SELECT * FROM ts_stat('SELECT to_tsvector(word) FROM secrets')",
    "a table in a function": "SELECT table_to_xml('secrets', true, true, '')",
    "the database in a function": "SELECT database_to_xml(true, true, '')",
    "the owner's function": "SELECT spill()",
    "the table of relations": "SELECT relname FROM pg_class",
    "the table of users": "SELECT * FROM pg_catalog.pg_authid",
    "the sampled values": "SELECT * FROM pg_stats",
    "the raw samples": "SELECT * FROM pg_statistic",
    "the settings": "SELECT * FROM pg_settings",
    "one setting": "SELECT current_setting('data_directory')",
    "the sessions": "SELECT * FROM pg_stat_activity",
    "the sessions by function": "SELECT * FROM pg_stat_get_activity(NULL)",
    "the databases": "SELECT datname FROM pg_database",
    "the roles": "SELECT rolname FROM pg_roles",
    "the schema": "SELECT * FROM information_schema.columns",
    "the source of functions": "SELECT prosrc FROM pg_proc",
    "a view's definition": "SELECT pg_get_viewdef('teams'::regclass)",
    "a file": "SELECT pg_read_file('/etc/passwd')",
    "a folder": "SELECT pg_ls_dir('/')",
    "a large object from a file": "SELECT lo_import('/etc/passwd')",
    "another server": "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(a int)",
}

HARMFUL = {
    "into a table": "SELECT * INTO stolen FROM watch_history",
    "into a temporary table": "SELECT * INTO TEMP stolen FROM watch_history",
    "insert": "INSERT INTO watch_history (title) VALUES ('x')",
    "insert in a query": "WITH w AS (INSERT INTO many VALUES (1, 'x') RETURNING id) SELECT * FROM w",
    "delete in a query": "WITH w AS (DELETE FROM many RETURNING id) SELECT * FROM w",
    "lock rows": "SELECT * FROM watch_history FOR UPDATE",
    "share rows": "SELECT * FROM watch_history FOR KEY SHARE",
    "next number": "SELECT nextval('counter')",
    "set a number": "SELECT setval('counter', 5)",
    "a large object": "SELECT lo_create(0)",
    "a large object from bytes": "SELECT lo_from_bytea(0, 'x')",
    "sleep": "SELECT pg_sleep(20)",
    "sleep until": "SELECT pg_sleep_until(now() + interval '20 s')",
    "a setting": "SELECT set_config('statement_timeout', '0', false)",
    "a lock": "SELECT pg_advisory_lock(1)",
    "a notice": "SELECT pg_notify('x', 'y')",
    "the log": "SELECT pg_logical_emit_message(false, 'x', 'y')",
    "other sessions": "SELECT pg_terminate_backend(pg_backend_pid())",
    "a snapshot": "SELECT pg_export_snapshot()",
    "the random seed": "SELECT setseed(0.5)",
    "a statement that is none": "CREATE TABLE x (a int)",
    "a role": "SET ROLE postgres",
    "a copy": "COPY watch_history TO PROGRAM 'cat'",
    "a block": "DO $$ BEGIN PERFORM 1; END $$",
    "an explanation": "EXPLAIN ANALYZE SELECT 1",
    "the end of the transaction": "COMMIT",
}


@pytest.mark.parametrize("statement", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_is_not_the_rooms_stays_hidden(room_session: RoomSession, statement: str) -> None:
    with pytest.raises(ReadFailed) as failure:
        reading(room_session, statement)
    assert "the-secret-word" not in failure.value.detail


@pytest.mark.parametrize("statement", HARMFUL.values(), ids=HARMFUL.keys())
def test_a_read_changes_nothing_and_waits_for_nothing(room_session: RoomSession, statement: str) -> None:
    started_at = time.monotonic()
    with pytest.raises(ReadFailed):
        reading(room_session, statement)
    assert time.monotonic() - started_at < 5
    assert reading(room_session, "SELECT count(*) FROM many") == [(20_000,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1; DROP TABLE many",
        "SELECT 1) AS q; DELETE FROM many; --",
        "SELECT 1) AS a, LATERAL (SELECT 2",
        "SELECT 1) UNION SELECT * FROM (SELECT 2",
        "SELECT 1 /* ",
        "SELECT $$ ) AS q; DROP TABLE many",
        "SELECT 1 -- )\r) AS q",
        "SELECT E'a'\n'b\\' ) AS q --'",
    ],
)
def test_nothing_leaves_the_parentheses(room_session: RoomSession, statement: str) -> None:
    with pytest.raises((Refusal, ReadFailed)):
        reading(room_session, statement)
    assert reading(room_session, "SELECT count(*) FROM many") == [(20_000,)]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("E'\\' ) AS q --'", "' ) AS q --"),
        ("$a$ ) AS q $$ ; $a$", " ) AS q $$ ; "),
        ("'; '' ) /* '", "; ' ) /* "),
        ("U&'\\0029 ;'", ") ;"),
    ],
)
def test_what_looks_like_code_in_a_string_is_a_string(room_session: RoomSession, literal: str, value: str) -> None:
    assert reading(room_session, f"SELECT {literal}") == [(value,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO many VALUES (1, 'x')",
        "TRUNCATE many",
        "DROP TABLE many",
        "COPY secrets TO STDOUT",
        "COPY many TO PROGRAM 'cat > /tmp/x'",
        "DO $$ BEGIN EXECUTE 'SELECT 1'; END $$",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "CREATE EXTENSION dblink",
        "SELECT lo_creat(-1)",
    ],
)
def test_even_a_free_session_as_the_reader_can_only_read(place: Place, statement: str) -> None:
    with place.connect() as connection:
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()
        with pytest.raises(psycopg.errors.Error) as refused:
            connection.execute(statement)
        assert refused.value.sqlstate in ("42501", "0A000")


@pytest.mark.parametrize("dbname", ["postgres", "template1"])
def test_other_databases_are_closed_to_the_reader(place: Place, dbname: str) -> None:
    try:
        with place.enter_database(dbname) as connection:
            found = connection.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
            assert found.fetchone() == (0,)
    except psycopg.OperationalError as refused:
        assert "permission denied" in str(refused) or "password" in str(refused)


def test_a_table_of_the_same_name_in_another_schema_stays_closed(place: Place) -> None:
    with place.owner() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS pretender (x text)")
    session = session_of(place)
    with pytest.raises(ReadFailed, match="permission denied"):
        reading(session, "SELECT * FROM pretender")
    session.close()


def test_a_superuser_is_never_used_for_reading(place: Place) -> None:
    session = RoomSession(lambda: as_superuser(names.database(place.tenant_id)))
    with pytest.raises(ReadFailed, match="not set up"):
        reading(session, "SELECT 1")
