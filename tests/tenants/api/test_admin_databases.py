"""The operator's routes about tenants' databases: registered and renamed."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import close_old_connections
from django.test import Client

from hivemind.kit.models import AuditEvent
from tenants.databases import names, provision, server, session
from tenants.models import Tenant
from tests.factories import operator
from tests.factories.operator import OperatorBattery
from tests.factories.tenants import Person, alice, client, person
from tests.tenants.databases import foreign
from tests.tenants.databases.conftest import prepared_server  # noqa: F401

JSON = "application/json"
REGISTER, RENAME = "/v1/admin/tenants/register", "/v1/admin/rename-database"


class TestRegister(OperatorBattery):
    method = "post"
    path = REGISTER
    body = {"name": "x", "db_name": "y"}


class TestRenameDatabase(OperatorBattery):
    method = "post"
    path = RENAME
    body = {"old_name": "a", "new_name": "b"}


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


def post(by: Client, path: str, body: Any = None) -> Any:
    return by.post(path, json.dumps(body) if body is not None else b"", content_type=JSON)


def test_a_registered_tenant_uses_what_was_in_its_database(olga: Client) -> None:
    with foreign.database("CREATE TABLE public.sales (id int)") as name:
        response = post(olga, REGISTER, {"name": "Ana", "db_name": name})
        assert response.status_code == 200, response.content
        body = response.json()
        assert body == {"tenant_id": body["tenant_id"], "api_key": body["api_key"], "db_name": name, "name": "Ana"}
        assert response["Cache-Control"] == "no-store"
        schema = client(body["api_key"]).get("/v1/admin/schema").json()["schema"]
        assert [row["table_name"] for row in schema] == ["sales"]
        assert olga.delete(f"/v1/admin/tenants/{body['tenant_id']}").status_code == 200
        assert not foreign.role_exists(names.owner_role(body["tenant_id"]))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"db_name": "x"}, 400, "tenant_name_invalid"),
        ({"name": "x"}, 400, "database_name_invalid"),
        ({"name": "x", "db_name": 5}, 400, "database_name_invalid"),
        ({"name": "x", "db_name": ["a"]}, 400, "database_name_invalid"),
        ({"name": "x", "db_name": "no_such_database"}, 400, "database_not_ours"),
        ({"name": "x", "db_name": "y", "api_key": "secret-of-mine"}, 400, "owner_key_invalid"),
        ({"name": "x", "db_name": "y", "api_key": 5}, 400, "owner_key_invalid"),
        ({"name": "x", "db_name": "y", "tenant_id": ["t_ab"]}, 400, "tenant_id_invalid"),
        ({"name": "x", "db_name": "y", "tenant_id": "t_" + "f" * 1_000_000}, 400, "tenant_id_invalid"),
        ({"name": "x", "db_name": "y", "allow_duplicate_name": "perhaps"}, 422, "malformed"),
    ],
)
def test_what_cannot_be_registered_is_refused_without_an_echo(
    olga: Client, body: dict[str, object], status: int, code: str
) -> None:
    response = post(olga, REGISTER, body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "secret-of-mine" not in response.content.decode()
    assert not Tenant.objects.exists()


def test_a_database_gets_another_name_in_the_tenants_row_too(olga: Client, frieda: Person) -> None:
    before = frieda.tenant.db_name
    body = {"old_name": before, "new_name": "frieda_2"}
    assert post(olga, RENAME, body).json() == {"status": "ok", **body}
    tenant = Tenant.objects.get(pk=frieda.tenant.id)
    assert tenant.db_name == "frieda_2"
    assert frieda.client.get("/v1/admin/schema").status_code == 200
    assert post(olga, RENAME, {"old_name": "frieda_2", "new_name": "frieda_2"}).status_code == 200
    assert post(olga, RENAME, body).json()["code"] == "tenant_database_not_found"
    event = AuditEvent.objects.get(action="tenant.database_renamed")
    assert event.details == {"before": before, "after": "frieda_2"}
    assert post(olga, RENAME, {"old_name": "frieda_2", "new_name": before}).status_code == 200


def test_a_database_in_use_is_not_renamed(olga: Client, frieda: Person) -> None:
    with session.owner_connection(frieda.tenant):
        refused = post(olga, RENAME, {"old_name": frieda.tenant.db_name, "new_name": "frieda_2"})
    assert (refused.status_code, refused.json()["code"]) == (409, "database_in_use")
    assert Tenant.objects.get(pk=frieda.tenant.id).db_name == frieda.tenant.db_name
    assert frieda.client.get("/v1/admin/schema").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"old_name": "{}"}, 400),
        ({"old_name": "{}", "new_name": ""}, 400),
        ({"old_name": "{}", "new_name": "postgres"}, 400),
        ({"old_name": "{}", "new_name": "tenant_t_ffffffffffff"}, 400),
        ({"old_name": "{}", "new_name": "hivemind"}, 400),
        ({"old_name": "{}", "new_name": "x" * 64}, 400),
        ({"old_name": "{}", "new_name": 'a"; DROP'}, 400),
        ({"old_name": "{}", "new_name": "a\0"}, 400),
        ({"old_name": "{}", "new_name": ["a"]}, 400),
        ({"old_name": "\ud800", "new_name": "a"}, 400),
        ({"old_name": "postgres", "new_name": "a"}, 404),
        ({"old_name": "hivemind", "new_name": "a"}, 404),
    ],
)
def test_only_tenants_databases_get_names_and_only_free_ones(
    olga: Client, frieda: Person, body: dict[str, object], status: int
) -> None:
    filled = {name: frieda.tenant.db_name if text == "{}" else text for name, text in body.items()}
    response = post(olga, RENAME, filled)
    assert response.status_code == status, response.content
    assert Tenant.objects.get(pk=frieda.tenant.id).db_name == frieda.tenant.db_name


def test_a_name_that_something_else_has_is_a_conflict(olga: Client, frieda: Person) -> None:
    with foreign.database() as name:
        on_server = post(olga, RENAME, {"old_name": frieda.tenant.db_name, "new_name": name})
    assert (on_server.status_code, on_server.json()["code"]) == (409, "database_name_taken")
    Tenant.objects.filter(pk=alice().tenant.id).update(db_name="alices")
    in_a_row = post(olga, RENAME, {"old_name": frieda.tenant.db_name, "new_name": "alices"})
    assert (in_a_row.status_code, in_a_row.json()["code"]) == (409, "database_name_taken")
    assert frieda.client.get("/v1/admin/schema").status_code == 200


def test_when_the_server_refuses_the_row_keeps_the_name(
    olga: Client, frieda: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **options: object) -> None:
        raise psycopg.OperationalError("the server is gone")

    with monkeypatch.context() as patched:
        patched.setattr(server.psycopg, "connect", gone)
        refused = post(olga, RENAME, {"old_name": frieda.tenant.db_name, "new_name": "frieda_2"})
    assert (refused.status_code, refused.json()["code"]) == (503, "database_server_refused")
    assert Tenant.objects.get(pk=frieda.tenant.id).db_name == frieda.tenant.db_name


@pytest.mark.django_db(transaction=True)
def test_of_two_renamings_at_once_one_finds_the_old_name(prepared_server: None) -> None:  # noqa: F811
    someone = person("greta")
    provision.create(someone.tenant.id)
    answers: list[Any] = []

    def rename(number: int) -> None:
        body = {"old_name": someone.tenant.db_name, "new_name": f"g_{number}"}
        try:
            answers.append(post(operator.olga(), RENAME, body))
        finally:
            close_old_connections()

    try:
        threads = [threading.Thread(target=rename, args=[number]) for number in range(3)]
        with operator.configured():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404]
        assert someone.client.get("/v1/admin/schema").status_code == 200
    finally:
        provision.drop(someone.tenant.id, database=Tenant.objects.get(pk=someone.tenant.id).db_name)
