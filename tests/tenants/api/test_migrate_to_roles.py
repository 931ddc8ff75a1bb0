"""POST /v1/admin/migrate-to-roles: what has to hold of every tenant's database is brought about again."""

from collections.abc import Iterator

import pytest
from django.db import connection as control
from django.test import Client

from hivemind.kit.models import AuditEvent
from tenants.databases import provision, session
from tenants.models import Tenant
from tests.factories import operator
from tests.factories.operator import OperatorBattery
from tests.factories.tenants import Person, alice, person, with_database
from tests.tenants.databases import conftest
from tests.tenants.databases.conftest import prepared_server  # noqa: F401

MIGRATE = "/v1/admin/migrate-to-roles"


class TestMigrate(OperatorBattery):
    method = "post"
    path = MIGRATE


@pytest.fixture
def olga(db: None, prepared_server: None) -> Iterator[Client]:  # noqa: F811
    with operator.configured() as agent:
        yield agent


@pytest.fixture
def frieda(olga: Client) -> Iterator[Person]:
    """A tenant with a database of its own, which goes with the test whatever it is called by then."""
    someone = person("frieda")
    provision.create(someone.tenant.id)
    yield someone
    database = Tenant.objects.filter(pk=someone.tenant.id).values_list("db_name", flat=True).first()
    provision.drop(someone.tenant.id, database=database or "")


def as_superuser(statement: str, *, within: str) -> None:
    with conftest.as_superuser(within) as superuser:
        superuser.execute(statement)


def migrated(olga: Client) -> dict[str, dict[str, str]]:
    response = olga.post(MIGRATE)
    assert response.status_code == 200 and response.json()["status"] == "ok"
    return {row["tenant_id"]: row for row in response.json()["results"]}


def test_what_is_as_it_should_be_is_found_so_and_left_alone(olga: Client, frieda: Person) -> None:
    other = with_database(alice())
    found = migrated(olga)
    assert found[frieda.tenant.id] == {
        "tenant_id": frieda.tenant.id,
        "database": frieda.tenant.db_name,
        "status": "ok",
    }
    assert found[other.tenant.id]["status"] == "ok"
    assert list(found) == [frieda.tenant.id, other.tenant.id]
    assert not AuditEvent.objects.filter(action="tenant.database_repaired").exists()


DAMAGE = [
    "GRANT CONNECT ON DATABASE {database} TO PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO pg_monitor",
    "GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC",
    "REVOKE CREATE ON SCHEMA public FROM {role}",
    "REVOKE CONNECT ON DATABASE {database} FROM {role}",
    "ALTER ROLE {role} RESET statement_timeout",
    "ALTER ROLE {role} CONNECTION LIMIT -1",
    "ALTER ROLE {role} NOLOGIN",
    "CREATE TABLE public.loose (id int); ALTER TABLE public.loose OWNER TO {service}",
    "REVOKE hivemind_tenant_owners FROM {role} GRANTED BY {service}",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_not_as_it_should_be_is_repaired_once(olga: Client, frieda: Person, damage: str) -> None:
    names_of_it = {"database": frieda.tenant.db_name, "role": frieda.tenant.db_owner}
    names_of_it["service"] = control.settings_dict["USER"]
    as_superuser(damage.format(**names_of_it), within=frieda.tenant.db_name)
    assert migrated(olga)[frieda.tenant.id]["status"] == "repaired"
    assert migrated(olga)[frieda.tenant.id]["status"] == "ok"
    with session.owner_connection(frieda.tenant) as connection:
        connection.execute("CREATE TABLE mine (id int); SELECT now()")
    assert AuditEvent.objects.filter(action="tenant.database_repaired", subject=frieda.tenant.id).count() == 1


def test_a_missing_role_is_made_anew(olga: Client, frieda: Person) -> None:
    as_superuser(
        f"DROP OWNED BY {frieda.tenant.db_owner}; DROP ROLE {frieda.tenant.db_owner}", within=frieda.tenant.db_name
    )
    assert frieda.client.get("/v1/admin/schema").status_code == 503
    assert migrated(olga)[frieda.tenant.id]["status"] == "repaired"
    assert frieda.client.get("/v1/admin/schema").status_code == 200


def test_readers_of_rooms_keep_what_they_have(olga: Client, frieda: Person) -> None:
    with session.owner_connection(frieda.tenant) as connection:
        connection.execute("CREATE TABLE sales (id int)")
    session.ensure_room_role(frieda.tenant, "room_0123456789ab", ["sales"])
    assert migrated(olga)[frieda.tenant.id]["status"] == "ok"
    with session.room_connection_factory(frieda.tenant, "room_0123456789ab")() as connection:
        assert connection.execute("SELECT count(*) FROM sales").fetchone() == (0,)


def test_a_tenant_that_only_a_person_can_help_keeps_nobody_waiting(olga: Client, frieda: Person) -> None:
    gone = alice()
    as_superuser("CREATE TABLE public.theirs (id int)", within=frieda.tenant.db_name)
    Tenant.objects.filter(pk=gone.tenant.id).update(db_name="gone_for_good")
    helped = with_database(person("hugo"))
    found = migrated(olga)
    assert found[gone.tenant.id]["status"] == found[frieda.tenant.id]["status"] == "error"
    assert "table public.theirs of postgres" in found[frieda.tenant.id]["detail"]
    assert "gone_for_good" not in found[gone.tenant.id]["detail"]
    assert found[helped.tenant.id]["status"] == "ok"
