"""The reader of a room: SELECT on exactly the room's tables, whatever the owner did before."""

import threading

import psycopg
import pytest
from psycopg import errors

from tenants.databases import names, provision, server, session
from tests.factories.tenants import alice, with_database

ROOM = "room_00000000abcd"
SECOND = "room_00000000dcba"


@pytest.fixture
def tenant(db: None):
    someone = with_database(alice()).tenant
    with session.owner_connection(someone) as connection:
        connection.execute(
            "CREATE TABLE sales (id int, amount numeric); INSERT INTO sales VALUES (1, 2.5);"
            'CREATE TABLE salaries (id int); CREATE TABLE "Mixed Case" (id int);'
            "CREATE VIEW totals AS SELECT sum(amount) FROM sales"
        )
    yield someone
    for room in (ROOM, SECOND):
        session.drop_room_role(someone, room)


def as_reader(tenant, statement: str, room: str = ROOM) -> list[tuple]:
    with session.room_connection_factory(tenant, room)() as connection:
        return connection.execute(statement).fetchall()


def readable(tenant) -> set[str]:
    found = set()
    for table in ("sales", "salaries", '"Mixed Case"', "totals"):
        try:
            as_reader(tenant, f"SELECT * FROM {table}")
        except errors.InsufficientPrivilege:
            continue
        found.add(table.strip('"'))
    return found


def test_the_reader_reads_the_rooms_tables_and_no_other(tenant):
    session.ensure_room_role(tenant, ROOM, ["sales", "Mixed Case", "not there"])
    assert readable(tenant) == {"sales", "Mixed Case"}


def test_a_view_can_be_one_of_the_tables(tenant):
    session.ensure_room_role(tenant, ROOM, ["totals"])
    assert readable(tenant) == {"totals"}


def test_rights_follow_the_list(tenant):
    session.ensure_room_role(tenant, ROOM, ["sales"])
    session.ensure_room_role(tenant, ROOM, ["salaries"])
    assert readable(tenant) == {"salaries"}
    session.ensure_room_role(tenant, ROOM, [])
    assert readable(tenant) == set()


def test_what_the_owner_granted_to_everybody_is_taken_back(tenant):
    with session.owner_connection(tenant) as connection:
        connection.execute("GRANT ALL ON salaries TO PUBLIC; GRANT SELECT (id) ON salaries TO PUBLIC")
    session.ensure_room_role(tenant, ROOM, ["sales"])
    assert readable(tenant) == {"sales"}
    with session.owner_connection(tenant) as connection:
        connection.execute("GRANT SELECT ON salaries TO PUBLIC")
    session.ensure_room_role(tenant, ROOM, ["sales"])
    assert readable(tenant) == {"sales"}


def test_more_than_select_is_taken_back(tenant):
    session.ensure_room_role(tenant, ROOM, ["sales"])
    with session.owner_connection(tenant) as connection:
        connection.execute(f"GRANT INSERT, SELECT ON sales TO {names.room_role(ROOM)}")
    session.ensure_room_role(tenant, ROOM, ["sales"])
    with pytest.raises(errors.InsufficientPrivilege):
        as_reader(tenant, "SET default_transaction_read_only = off; COMMIT; INSERT INTO sales VALUES (2, 2)")


def test_a_function_that_runs_as_the_owner_is_out_of_reach(tenant):
    with session.owner_connection(tenant) as connection:
        connection.execute(
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
            " AS 'SELECT count(*) FROM public.salaries'"
        )
    session.ensure_room_role(tenant, ROOM, ["sales"])
    with pytest.raises(errors.InsufficientPrivilege):
        as_reader(tenant, "SELECT peek()")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO sales VALUES (3, 3)",
        "DELETE FROM sales",
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "SELECT * INTO mine FROM sales",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT lo_import('/etc/passwd')",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY sales TO PROGRAM 'cat'",
        "GRANT SELECT ON salaries TO CURRENT_USER",
        "ALTER TABLE sales DISABLE ROW LEVEL SECURITY",
        "SELECT * FROM sales FOR UPDATE",
        "BEGIN; LOCK TABLE sales",
    ],
)
def test_the_reader_cannot_write_even_when_it_lifts_read_only(tenant, statement):
    session.ensure_room_role(tenant, ROOM, ["sales"])
    with session.room_connection_factory(tenant, ROOM)() as connection:
        connection.autocommit = True
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)


def test_the_reader_enters_no_other_database(tenant):
    session.ensure_room_role(tenant, ROOM, ["sales"])
    role = names.room_role(ROOM)
    for dbname in (server.control.settings_dict["NAME"], "postgres"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            server.open_connection(dbname, user=role, password=names.password(role), options="")


def test_one_room_has_nothing_of_another(tenant):
    session.ensure_room_role(tenant, ROOM, ["sales"])
    session.ensure_room_role(tenant, SECOND, ["salaries"])
    assert readable(tenant) == {"sales"}
    with pytest.raises(errors.InsufficientPrivilege):
        as_reader(tenant, "SELECT * FROM sales", SECOND)


def test_many_at_once_make_one_role(tenant):
    failures = []

    def ensure(number: int) -> None:
        try:
            session.ensure_room_role(tenant, ROOM if number % 2 else SECOND, ["sales"])
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=ensure, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert readable(tenant) == {"sales"}


def test_dropping_ends_sessions_and_leaves_nothing(tenant):
    session.ensure_room_role(tenant, ROOM, ["sales"])
    with session.owner_connection(tenant) as connection:
        role = names.room_role(ROOM)
        connection.execute(
            f"CREATE TYPE mood AS ENUM ('ok'); GRANT USAGE ON TYPE mood TO {role};"
            f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}"
        )
    reading = session.room_connection_factory(tenant, ROOM)()
    session.drop_room_role(tenant, ROOM)
    with pytest.raises(psycopg.OperationalError):
        reading.execute("SELECT 1")
    session.drop_room_role(tenant, ROOM)
    with session.admin_connection(tenant) as connection:
        assert not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchall()
        service = connection.execute(
            "SELECT inherit_option FROM pg_auth_members WHERE roleid = %s::regrole AND set_option",
            [tenant.db_owner],
        ).fetchall()
    assert service == [(False,)]


def test_removing_a_tenants_database_removes_its_readers(tenant):
    session.ensure_room_role(tenant, ROOM, ["sales"])
    provision.drop(tenant.id)
    try:
        with server.service_connection() as connection:
            found = connection.execute(
                "SELECT rolname FROM pg_roles WHERE rolname IN (%s, %s)",
                [names.room_role(ROOM), tenant.db_owner],
            ).fetchall()
        assert found == []
    finally:
        provision.create(tenant.id)
