"""Registering databases that are there already: what is handed over, what is refused, and that nothing half is left."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connections
from django.db import connection as control

from attestation.tokens import INVITE, OWNER, new_token
from hivemind.kit.audit import Actor
from hivemind.kit.models import AuditEvent
from tenants import errors
from tenants.credentials import registry
from tenants.databases import adoption as databases
from tenants.databases import names, provision, server, session, template
from tenants.models import Tenant
from tenants.services import adoption, seals, tenants
from tenants.services.adoption import Registration
from tests.factories.tenants import alice
from tests.tenants.databases import foreign
from tests.tenants.databases.conftest import as_superuser, prepared_server  # noqa: F401

OLGA = Actor.operator("olga")
ID = "t_ab12cd34ef56"
ROLE = "o_ab12cd34ef56"
CONTENT = (
    "CREATE TABLE public.sales (id serial PRIMARY KEY, at timestamptz DEFAULT now()) ",
    "CREATE TABLE public.parts (id int) PARTITION BY RANGE (id)",
    "CREATE TABLE public.part PARTITION OF public.parts FOR VALUES FROM (0) TO (9)",
    "CREATE VIEW public.totals AS SELECT count(*) AS n FROM public.sales",
    "CREATE SEQUENCE public.loose",
    "CREATE TYPE public.mood AS ENUM ('ok')",
    "CREATE TYPE public.pair AS (a int, b int)",
    "CREATE FUNCTION public.one(\"odd name\" int DEFAULT 1) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "CREATE SCHEMA extra CREATE TABLE extra.more (id int)",
    "INSERT INTO public.sales DEFAULT VALUES",
)


@pytest.fixture
def old(db: None, prepared_server: None) -> Iterator[str]:  # noqa: F811
    """A database of the service's with a bit of everything in it."""
    with foreign.database(*CONTENT) as name:
        yield name
    for tenant in Tenant.objects.filter(db_name=name):
        provision.drop(tenant.id, database=tenant.db_name)


def register(database: str, **wanted: object) -> tenants.NewTenant:
    return adoption.register(Registration(**({"name": "Ana", "database": database} | wanted)), actor=OLGA)  # type: ignore[arg-type]


def test_everything_in_the_database_becomes_the_tenants(old: str) -> None:
    new = register(old, tenant_id=ID)
    assert (new.tenant.id, new.tenant.db_name, new.tenant.db_owner) == (ID, old, ROLE)
    assert foreign.owners(old) == {ROLE}
    owner = registry.resolve(new.api_key)
    assert len(seals.open_root(owner)) == 32
    with session.owner_connection(new.tenant) as connection:
        assert connection.execute("SELECT n FROM totals").fetchone() == (1,)
        connection.execute("INSERT INTO sales DEFAULT VALUES; CREATE TABLE mine (id int); DROP TABLE extra.more")
    assert session.table_names(new.tenant) == ["mine", "part", "parts", "sales", "totals"]
    event = AuditEvent.objects.get(action="tenant.registered")
    assert (event.subject, event.details) == (ID, {"name": "Ana", "database": old})


def test_nobody_but_the_tenant_and_the_service_may_enter_afterwards(old: str) -> None:
    with as_superuser(old) as superuser:
        superuser.execute("CREATE ROLE stranger LOGIN")
    try:
        foreign.run(old, f"GRANT CONNECT ON DATABASE {old} TO stranger, PUBLIC")
        register(old, tenant_id=ID)
        with as_superuser(old) as superuser:
            may = superuser.execute("SELECT has_database_privilege('stranger', current_database(), 'CONNECT')")
            assert may.fetchone() == (False,)
    finally:
        with as_superuser("postgres") as superuser:
            superuser.execute("DROP ROLE stranger")


def test_a_tenant_whose_rows_were_lost_comes_back_with_its_key_and_its_id(db: None, prepared_server: None) -> None:  # noqa: F811
    lost = tenants.create("Ana", actor=OLGA)
    try:
        with session.owner_connection(lost.tenant) as connection:
            connection.execute("CREATE TABLE sales (id int)")
        session.ensure_room_role(lost.tenant, "room_0123456789ab", ["sales"])
        tenant_id = lost.tenant.id
        Tenant.objects.all().delete()
        found = register(lost.tenant.db_name, api_key=lost.api_key, tenant_id=tenant_id)
        assert (found.tenant.id, found.api_key) == (tenant_id, lost.api_key)
        assert registry.resolve(lost.api_key).tenant == found.tenant
        assert session.table_names(found.tenant) == ["sales"]
        assert not foreign.role_exists("r_0123456789ab")
    finally:
        provision.drop(lost.tenant.id)


@pytest.mark.parametrize(
    "key",
    ["hmk_x", "admin", new_token(INVITE), OWNER + "a" * 43, OWNER + "ab" * 21 + "c", "ü" * 47],
    ids=["short", "word", "invite", "one letter", "two letters", "other letters"],
)
def test_a_key_that_could_not_authenticate_or_could_be_guessed_is_refused(db: None, key: str) -> None:
    with pytest.raises(errors.OwnerKeyInvalid) as refusal:
        register("old_x", api_key=key)
    assert key not in str(refusal.value)


def test_a_key_is_not_given_to_two_tenants(old: str) -> None:
    with pytest.raises(errors.OwnerKeyTaken):
        register(old, api_key=alice().api_key)


def test_an_id_a_database_and_a_name_are_not_given_twice(old: str) -> None:
    person = alice()
    with pytest.raises(errors.TenantIdTaken):
        register(old, tenant_id=person.tenant.id)
    with pytest.raises(errors.DatabaseNameTaken):
        Tenant.objects.filter(pk=person.tenant.id).update(db_name=old)
        register(old)
    Tenant.objects.filter(pk=person.tenant.id).update(db_name="elsewhere")
    with pytest.raises(errors.DuplicateName):
        register(old, name="ALICE")
    assert register(old, name="ALICE", allow_duplicate_name=True).tenant.name == "ALICE"


@pytest.mark.parametrize("tenant_id", ["t_", "t_XYZ", "ab12", "t_AB", "t_ab\n", "t_" + "a" * 61, "t_\0"])
def test_what_is_no_tenant_id_is_refused(db: None, tenant_id: str) -> None:
    with pytest.raises(errors.TenantIdInvalid):
        register("old_x", tenant_id=tenant_id)


NAMES = [
    "",
    "postgres",
    "template1",
    "pg_x",
    "hivemind",
    "tenant_t_ffffffffffff",
    "a b",
    "a;b",
    'a"b',
    "ü",
    "x" * 64,
    "a\0",
]


@pytest.mark.parametrize("database", NAMES)
def test_what_names_no_database_of_a_tenant_is_refused(db: None, database: str) -> None:
    with pytest.raises(errors.DatabaseNameInvalid):
        register(database, tenant_id=ID)


def refused(database: str, words: str) -> None:
    before = foreign.owners(database)
    with pytest.raises(errors.DatabaseNotOurs, match=words):
        register(database, tenant_id=ID)
    assert foreign.owners(database) == before
    assert not foreign.role_exists(ROLE)
    assert not Tenant.objects.filter(pk=ID).exists()


def test_the_services_own_database_is_not_anybodys(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_OF_THE_SERVER", ())
    with pytest.raises(errors.DatabaseNotOurs, match="service's own"):
        register(control.settings_dict["NAME"])
    with pytest.raises(errors.DatabaseNotOurs, match="service's own"):
        register(template.NAME)
    with pytest.raises(errors.DatabaseNotOurs, match="no such database"):
        register("missing")


def test_the_database_of_another_service_is_not_taken_over(old: str) -> None:
    foreign.run(old, "CREATE TABLE public.django_migrations (id int)")
    refused(old, "a service like this one")


def test_a_database_that_belongs_to_another_role_is_not_taken_over(old: str) -> None:
    with as_superuser(old) as superuser:
        superuser.execute(f"ALTER DATABASE {old} OWNER TO postgres")
    try:
        with pytest.raises(errors.DatabaseNotOurs, match="REASSIGN OWNED BY"):
            register(old, tenant_id=ID)
    finally:
        with as_superuser(old) as superuser:
            superuser.execute(f"ALTER DATABASE {old} OWNER TO {control.settings_dict['USER']}")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE public.theirs (id int)", "table public.theirs of postgres"),
        ("CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "routine public.f"),
        ("CREATE SCHEMA theirs", "schema theirs of postgres"),
        ("CREATE TYPE public.range AS RANGE (subtype = float8)", "public.range"),
        (
            "CREATE FUNCTION public.t() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
            "ALTER FUNCTION public.t() OWNER TO {service};"
            "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.t()",
            "event trigger watch of postgres",
        ),
        (
            "CREATE FUNCTION public.c() RETURNS int LANGUAGE internal AS 'pg_backend_pid';"
            "ALTER FUNCTION public.c() OWNER TO {service}",
            "not in a trusted language",
        ),
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; GRANT USAGE ON FOREIGN DATA WRAPPER"
            " w TO {service}; ALTER SERVER s OWNER TO {service}",
            "server s of",
        ),
        ("ALTER SCHEMA public OWNER TO postgres; GRANT ALL ON SCHEMA public TO PUBLIC, {service}", "Schema public"),
    ],
)
def test_what_belongs_to_somebody_else_in_it_keeps_it_from_being_taken_over(
    old: str, statement: str, words: str
) -> None:
    with as_superuser(old) as superuser:
        superuser.execute(statement.format(service=control.settings_dict["USER"]))
    refused(old, words)


def test_a_database_whose_functions_are_open_to_readers_is_not_taken_over(db: None, prepared_server: None) -> None:  # noqa: F811
    with foreign.database(closed=False) as name:
        refused(name, "Built-in functions are open")


def test_a_database_that_is_in_use_is_a_conflict(old: str) -> None:
    with server.service_connection(old), pytest.raises(errors.DatabaseInUse):
        register(old, tenant_id=ID)
    assert not foreign.role_exists(ROLE)


def test_a_role_that_may_do_more_or_is_used_elsewhere_is_not_made_a_tenants(old: str) -> None:
    with as_superuser("postgres") as superuser:
        superuser.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        try:
            with pytest.raises(errors.DatabaseNotOurs, match="may do more"):
                register(old, tenant_id=ID)
            superuser.execute(f"ALTER ROLE {ROLE} NOCREATEDB; GRANT pg_read_all_data TO {ROLE}")
            with pytest.raises(errors.DatabaseNotOurs, match="may do more"):
                register(old, tenant_id=ID)
            superuser.execute(f"REVOKE pg_read_all_data FROM {ROLE}; GRANT CONNECT ON DATABASE postgres TO {ROLE}")
            with pytest.raises(errors.DatabaseNotOurs, match="another database"):
                register(old, tenant_id=ID)
        finally:
            superuser.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def test_when_the_rows_are_not_kept_the_database_is_given_back(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = databases.adopt

    def fail(savepoint: str) -> None:
        monkeypatch.undo()
        raise DatabaseError("the server is gone")

    def adopt(database: str, tenant_id: str) -> None:
        real(database, tenant_id)
        monkeypatch.setattr(connections["default"], "savepoint_commit", fail)

    before = foreign.owners(old)
    monkeypatch.setattr(databases, "adopt", adopt)
    with pytest.raises(DatabaseError):
        register(old, tenant_id=ID)
    assert foreign.owners(old) == before
    assert not foreign.role_exists(ROLE)
    assert register(old, tenant_id=ID).tenant.id == ID
