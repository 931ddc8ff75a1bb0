"""What a tenant's role cannot do to anybody else, held by Postgres itself."""

import psycopg
import pytest
from django.db import connection as control
from psycopg import errors

from tenants.databases import names, server, session
from tests.factories.tenants import alice, bob, with_database

OPTIONS = "-c statement_timeout=5s"


@pytest.fixture
def anne(db: None):
    return with_database(alice())


def as_owner_of(tenant, dbname: str) -> psycopg.Connection:
    """Log in as a tenant's owner role, into any database."""
    return server.open_connection(
        dbname, user=tenant.db_owner, password=names.password(tenant.db_owner), options=OPTIONS
    )


def attempt(tenant, statement: str) -> None:
    with session.owner_connection(tenant) as connection:
        connection.autocommit = True
        connection.execute(statement)


def test_the_owner_role_works_in_its_own_database(anne):
    attempt(anne.tenant, "CREATE TABLE t (id int); INSERT INTO t VALUES (1); DROP TABLE t")


def test_the_owner_role_cannot_enter_another_tenants_database(anne):
    other = with_database(bob())
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        as_owner_of(anne.tenant, other.tenant.db_name)


def test_the_owner_role_cannot_enter_the_control_database(anne):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        as_owner_of(anne.tenant, control.settings_dict["NAME"])


def test_the_owner_role_cannot_enter_the_servers_own_database(anne):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        as_owner_of(anne.tenant, "postgres")


def test_a_wrong_password_is_refused(anne):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.open_connection(anne.tenant.db_name, user=anne.tenant.db_owner, password="wrong", options=OPTIONS)


def test_the_stored_password_is_a_scram_verifier_and_no_statement_carried_it(anne):
    with server.service_connection() as service:
        verifier = server.encrypted_password(service, role="o_x", password="secret").as_string(service)
    assert verifier.startswith("'SCRAM-SHA-256$") and "secret" not in verifier


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "COPY (SELECT 1) TO '/tmp/x'",
        "CREATE TABLE t (x text); COPY t FROM '/etc/passwd'",
        "SELECT lo_import('/etc/passwd')",
        "SELECT rolpassword FROM pg_authid",
        "SELECT passwd FROM pg_shadow",
        "CREATE ROLE mallory",
        "CREATE DATABASE mine",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "ALTER ROLE CURRENT_USER CONNECTION LIMIT 1000",
        "SET temp_file_limit = -1",
        "ALTER SYSTEM SET max_connections = 1000",
        "CREATE EXTENSION plpgsql SCHEMA public",
        "CREATE EXTENSION dblink",
        "CREATE EXTENSION postgres_fdw",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc.so.6', 'getpid'",
        "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()",
        "CREATE SUBSCRIPTION s CONNECTION 'host=10.0.0.1' PUBLICATION p WITH (connect=false)",
        "SELECT pg_reload_conf()",
        "SELECT pg_switch_wal()",
        "SELECT pg_create_physical_replication_slot('s')",
        "LOAD '/tmp/evil.so'",
    ],
)
def test_the_owner_role_has_no_power_beyond_its_tables(anne, statement):
    refusals = (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.CantChangeRuntimeParam)
    absent = (errors.UndefinedFunction, errors.UndefinedFile, errors.DuplicateObject)
    with pytest.raises((*refusals, *absent)):
        attempt(anne.tenant, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP DATABASE {other}",
        "ALTER DATABASE {mine} IS_TEMPLATE true",
        "ALTER DATABASE {mine} CONNECTION LIMIT 0",
        "ALTER DATABASE {mine} RENAME TO x",
        "SET ROLE {service}",
        "SET SESSION AUTHORIZATION {service}",
        "GRANT {service} TO {role}",
        "SET ROLE postgres",
    ],
)
def test_neither_databases_nor_roles_can_be_changed(anne, statement):
    other = with_database(bob())
    text = statement.format(
        mine=anne.tenant.db_name,
        other=other.tenant.db_name,
        role=anne.tenant.db_owner,
        service=control.settings_dict["USER"],
    )
    with pytest.raises(errors.InsufficientPrivilege):
        attempt(anne.tenant, text)


def test_opening_the_database_to_everybody_has_no_effect(anne):
    other = with_database(bob())
    attempt(anne.tenant, f"GRANT CONNECT ON DATABASE {anne.tenant.db_name} TO PUBLIC")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        as_owner_of(other.tenant, anne.tenant.db_name)


def test_another_tenants_sessions_cannot_be_ended_or_read(anne):
    other = with_database(bob())
    with session.owner_connection(other.tenant) as theirs:
        theirs.execute("SELECT 'private words'")
        pid = theirs.info.backend_pid
        with pytest.raises(errors.InsufficientPrivilege):
            attempt(anne.tenant, f"SELECT pg_terminate_backend({pid})")
        try:
            with session.owner_connection(anne.tenant) as mine:
                seen = mine.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchall()
        except errors.InsufficientPrivilege:  # on a prepared server not even the view is hers
            seen = []
        assert "private words" not in str(seen)


def test_nothing_a_tenant_makes_runs_with_the_services_rights(anne):
    attempt(
        anne.tenant,
        "CREATE FUNCTION hashtext(text) RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'caught %', current_user; END $$;"
        "CREATE TABLE pg_class (relname text)",
    )
    session.ensure_room_role(anne.tenant, "room_0123456789ab", [])
    session.drop_room_role(anne.tenant, "room_0123456789ab")
    assert session.table_names(anne.tenant) == ["pg_class"]


def test_connections_of_one_tenant_are_limited(anne):
    held = []
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            for _ in range(20):
                held.append(as_owner_of(anne.tenant, anne.tenant.db_name))
        assert len(held) == 8
        assert anne.client.post("/v1/tenant/sql", {"sql": "SELECT 1"}, "application/json").status_code == 503
    finally:
        for connection in held:
            connection.close()


def test_a_password_that_the_role_changed_itself_is_renewed(anne):
    attempt(anne.tenant, "ALTER ROLE CURRENT_USER PASSWORD 'mine'")
    attempt(anne.tenant, "SELECT 1")


def test_another_secret_key_renews_passwords_by_itself(anne, settings):
    settings.SECRET_KEY = "another one, after a leak of the first"
    attempt(anne.tenant, "SELECT 1")
    settings.SECRET_KEY = "not-a-secret-outside-the-test-suite"
    attempt(anne.tenant, "SELECT 1")
