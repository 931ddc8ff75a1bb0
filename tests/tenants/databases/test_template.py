"""A database made from the template: readers compute, and learn nothing of the server or of other tenants."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as control
from psycopg import errors

from tenants.databases import provision, server, session, template
from tests.tenants.databases.conftest import as_superuser

ROOM = "room_00000000beef"


@pytest.fixture
def reader(closed):
    """A connection as the reader of a room with one table."""
    with session.owner_connection(closed.tenant) as connection:
        connection.execute("CREATE TABLE sales (id int, at timestamptz, doc jsonb)")
    session.ensure_room_role(closed.tenant, ROOM, ["sales"])
    with session.room_connection_factory(closed.tenant, ROOM)() as connection:
        connection.autocommit = True
        yield connection


def test_building_it_again_does_nothing(prepared_server):
    assert template.build(as_superuser, service_role=control.settings_dict["USER"]) is False
    with server.service_connection() as connection:
        assert template.is_ready(connection)


def test_nobody_enters_the_template(prepared_server):
    with pytest.raises(Exception, match="not currently accepting connections"):
        as_superuser(template.NAME)


def test_a_template_that_was_left_half_made_is_made_anew(prepared_server):
    with as_superuser("postgres") as connection:
        connection.execute(f"COMMENT ON DATABASE {template.NAME} IS 'half made'")
    assert template.build(as_superuser, service_role=control.settings_dict["USER"]) is True


@pytest.mark.parametrize(
    "expression",
    [
        "count(*), sum(id), avg(id), min(at), string_agg(id::text, ',')",
        "date_trunc('month', at), extract(year from at), now() - at, to_char(at, 'YYYY')",
        "doc->>'a', doc @> '{}', jsonb_array_elements(doc), jsonb_build_object('a', id)",
        "row_number() OVER (ORDER BY id), lag(id) OVER (), percent_rank() OVER (ORDER BY id)",
        "lower('A'), 'a' ILIKE 'b', regexp_replace('a', 'b', 'c'), coalesce(id, 0), round(1.5), random()",
        "generate_series(1, 3), unnest(array[1]), md5('x'), to_tsvector('english', 'words') @@ to_tsquery('word')",
    ],
)
def test_readers_compute_freely(reader, expression):
    group = " GROUP BY id, at, doc" if "OVER" in expression or "count" not in expression else ""
    reader.execute(f"SELECT {expression} FROM sales{group}")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_sleep(1)",
        "SELECT set_config('statement_timeout', '0', false)",
        "SELECT current_setting('server_version')",
        "SELECT version()",
        "SELECT pg_backend_pid()",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_notify('a', 'b')",
        "SELECT lo_create(0)",
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        "SELECT pg_relation_size('sales')",
        "SELECT pg_get_viewdef('pg_tables')",
        "SELECT has_table_privilege('sales', 'INSERT')",
        "SELECT nextval('s')",
        "SELECT inet_server_addr()",
        "SELECT txid_current()",
        "SELECT * FROM pg_database",
        "SELECT * FROM pg_roles",
        "SELECT * FROM pg_class",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM pg_settings",
        "SELECT * FROM information_schema.tables",
        "DO $$ BEGIN NULL; END $$",
    ],
)
def test_readers_learn_and_do_nothing_else(reader, statement):
    reader.execute("SET default_transaction_read_only = off")
    with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedTable)):
        reader.execute(statement)


def test_the_owner_keeps_what_concerns_its_own_database(closed):
    with session.owner_connection(closed.tenant) as connection:
        connection.execute("CREATE TABLE t (id serial, at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO t DEFAULT VALUES; SELECT pg_sleep(0); SELECT nextval('t_id_seq')")
        connection.execute("SELECT * FROM information_schema.columns WHERE table_name = 't'")
        connection.execute(
            "SELECT pg_size_pretty(pg_total_relation_size('t')), version(), pg_get_serial_sequence('t','id')"
        )
        connection.execute("DO $$ BEGIN RAISE NOTICE 'x'; END $$")
        connection.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT f()")
    assert session.table_names(closed.tenant) == ["t"]
    assert [row["column_name"] for row in session.schema_rows(closed.tenant)] == ["id", "at"]


@pytest.mark.parametrize("relation", ["pg_database", "pg_roles", "pg_stat_activity", "pg_locks", "pg_auth_members"])
def test_the_owner_learns_nothing_of_other_tenants(closed, relation):
    with session.owner_connection(closed.tenant) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(f"SELECT * FROM {relation}")


def test_a_runaway_of_the_owner_can_still_be_ended(closed):
    with session.owner_connection(closed.tenant) as connection:
        session.end_session(closed.tenant, pid=connection.info.backend_pid)
        with pytest.raises(errors.AdminShutdown):
            connection.execute("SELECT 1")
        connection.close()


def test_readers_can_be_dropped_while_they_read(closed, reader):
    session.drop_room_role(closed.tenant, ROOM)
    with pytest.raises(errors.AdminShutdown):
        reader.execute("SELECT 1")


def test_a_later_function_of_the_owner_is_not_the_readers(closed, reader):
    with session.owner_connection(closed.tenant) as connection:
        connection.execute(
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.sales'"
        )
    with pytest.raises(errors.InsufficientPrivilege):
        reader.execute("SELECT peek()")


def test_the_command_prepares_a_server_once(prepared_server, capsys):
    call_command("prepare_server", superuser="postgres")
    assert capsys.readouterr().out == "was prepared already\n"
    with pytest.raises(CommandError, match="could not be prepared"):
        call_command("prepare_server", superuser="nobody_of_this_name")


def test_a_prepared_server_lets_the_service_bound_temporary_files(closed):
    with session.owner_connection(closed.tenant) as connection:
        assert connection.execute("SHOW temp_file_limit").fetchone() == ("1GB",)


def test_tenants_are_made_side_by_side(db, prepared_server):
    made, failures = [f"t_{number:012x}" for number in range(6)], []

    def make(tenant_id: str) -> None:
        try:
            provision.create(tenant_id)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(tenant_id,)) for tenant_id in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for tenant_id in made:
        provision.drop(tenant_id)
    assert failures == []
