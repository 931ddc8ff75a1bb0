"""The operator's routes about tenants: made, listed, renamed, given a fresh key, removed."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import close_old_connections
from django.test import Client

from hivemind.kit.models import AuditEvent
from tenants.databases import provision
from tenants.models import Tenant
from tests.factories import operator
from tests.factories.operator import OperatorBattery
from tests.factories.tenants import alice, bob, carol, client

JSON = "application/json"
TENANTS = "/v1/admin/tenants"


class TestCreate(OperatorBattery):
    method = "post"
    path = TENANTS
    body = {"name": ""}


class TestList(OperatorBattery):
    path = TENANTS
    most_queries = 1


class TestDelete(OperatorBattery):
    method = "delete"
    path = f"{TENANTS}/t_0123456789ab"


class TestResetKey(OperatorBattery):
    method = "post"
    path = f"{TENANTS}/t_0123456789ab/reset-key"
    body = {"clear_seal": False}


class TestRename(OperatorBattery):
    method = "post"
    path = f"{TENANTS}/t_0123456789ab/rename"
    body = {"name": "x"}


@pytest.fixture
def olga(db: None) -> Iterator[Client]:
    with operator.configured() as agent:
        yield agent
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        if tenant_id in made:
            provision.drop(tenant_id)
    made.clear()


made: set[str] = set()


def post(by: Client, path: str, body: Any) -> Any:
    response = by.post(path, json.dumps(body), content_type=JSON)
    if response.status_code == 200 and path == TENANTS:
        made.add(response.json()["tenant_id"])
    return response


def test_a_tenant_is_made_and_its_key_shown_once(olga: Client) -> None:
    response = post(olga, TENANTS, {"name": "  Ana  "})
    assert response.status_code == 200, response.content
    body = response.json()
    assert body == {
        "tenant_id": body["tenant_id"],
        "api_key": body["api_key"],
        "db_name": f"tenant_{body['tenant_id']}",
        "name": "Ana",
    }
    assert response["Cache-Control"] == "no-store"
    assert client(body["api_key"]).get("/v1/whoami").json()["tenant_id"] == body["tenant_id"]
    assert body["api_key"] not in olga.get(TENANTS).content.decode()
    event = AuditEvent.objects.get(action="tenant.created")
    assert (event.actor, body["api_key"] in json.dumps(event.details)) == ("operator:admin key", False)


def test_a_name_is_taken_in_any_case_unless_that_is_wanted(olga: Client) -> None:
    assert post(olga, TENANTS, {"name": "Ana"}).status_code == 200
    refused = post(olga, TENANTS, {"name": "ANA"})
    assert (refused.status_code, refused.json()["code"]) == (409, "tenant_name_taken")
    assert "already exists" in refused.json()["detail"]
    assert post(olga, TENANTS, {"name": "ANA", "allow_duplicate_name": "true"}).status_code == 200


@pytest.mark.parametrize(("name", "kept"), [(5, "5"), (True, "true"), (1.5, "1.5"), (["a"], '["a"]'), ("ü", "ü")])
def test_any_json_value_is_a_name_in_its_own_spelling(olga: Client, name: object, kept: str) -> None:
    assert post(olga, TENANTS, {"name": name}).json()["name"] == kept


UNUSABLE = [{}, {"name": None}, {"name": "  "}, {"name": "x" * 201}, {"name": "x" * 1_000_000}, {"name": "a\0b"}]
UNUSABLE += [{"name": "\ud800"}, {"name": ["x" * 300]}]


@pytest.mark.parametrize("body", UNUSABLE, ids=range(len(UNUSABLE)))
@pytest.mark.parametrize("path", [TENANTS, f"{TENANTS}/{{}}/rename", f"{TENANTS}/register"])
def test_what_cannot_be_a_name_is_a_400(olga: Client, path: str, body: dict[str, object]) -> None:
    response = post(olga, path.format(alice().tenant.id), body)
    assert (response.status_code, response.json()["code"]) == (400, "tenant_name_invalid")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1" * 5_000], ids=range(4))
def test_what_is_no_number_is_a_400(olga: Client, text: str) -> None:
    response = olga.post(TENANTS, f'{{"name": {text}}}', content_type=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "not_a_number")


@pytest.mark.parametrize("text", ['"\\ud800', "[" * 100_000], ids=range(2))
def test_what_is_no_json_is_a_422(olga: Client, text: str) -> None:
    response = olga.post(TENANTS, f'{{"name": {text}}}', content_type=JSON)
    assert response.status_code == 422, response.content[:200]


def test_tenants_are_listed_newest_first_and_read_on_by_cursor(olga: Client) -> None:
    people = [alice(), bob(), carol()]
    newest = [person.tenant.id for person in reversed(people)]
    whole = olga.get(TENANTS)
    assert [row["id"] for row in whole.json()["tenants"]] == newest
    assert set(whole.json()["tenants"][0]) == {"id", "name", "db_name", "created_at", "suspended"}
    assert "X-Next-Cursor" not in whole.headers
    first = olga.get(f"{TENANTS}?limit=2")
    second = olga.get(f"{TENANTS}?limit=-3&cursor={first.headers['X-Next-Cursor']}")
    assert [row["id"] for page in (first, second) for row in page.json()["tenants"]] == newest


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=x", 422), ("limit=1e400", 422), ("cursor=x", 400), ("cursor=1.%00", 422), ("limit=99999999999", 200)],
)
def test_an_odd_query_string_is_no_fault_of_ours(olga: Client, query: str, status: int) -> None:
    assert olga.get(f"{TENANTS}?{query}").status_code == status


def test_renaming_keeps_the_database_and_to_the_same_name_changes_nothing(olga: Client) -> None:
    person = alice()
    path = f"{TENANTS}/{person.tenant.id}/rename"
    renamed = post(olga, path, {"name": "Alder"}).json()
    assert renamed == {
        "id": person.tenant.id,
        "name": "Alder",
        "db_name": person.tenant.db_name,
        "created_at": person.tenant.created_at.timestamp(),
        "suspended": False,
    }
    assert post(olga, path, {"name": "Alder"}).status_code == 200
    assert AuditEvent.objects.filter(action="tenant.renamed").count() == 1
    bob()
    assert post(olga, path, {"name": "BOB"}).status_code == 409
    assert post(olga, path, {"name": "BOB", "allow_duplicate_name": True}).status_code == 200


def test_a_reset_key_replaces_the_old_one_and_seals_unless_told_otherwise(olga: Client) -> None:
    person = alice()
    path = f"{TENANTS}/{person.tenant.id}/reset-key"
    body = post(olga, path, {}).json()
    assert body == {
        "tenant_id": person.tenant.id,
        "name": "alice",
        "db_name": person.tenant.db_name,
        "api_key": body["api_key"],
        "clear_seal": False,
        "seal_rows_deleted": 0,
        "revoke_capabilities": False,
        "capabilities_revoked": 0,
    }
    assert person.client.get("/v1/whoami").status_code == 401
    assert client(body["api_key"]).get("/v1/whoami").json()["sealed"] is True
    cleared = post(olga, path, {"clear_seal": True, "revoke_capabilities": True}).json()
    assert cleared["clear_seal"] and cleared["seal_rows_deleted"] >= 1
    assert client(cleared["api_key"]).get("/v1/whoami").json()["sealed"] is False


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"clear_seal": null}', b'{"clear_seal": "perhaps"}'])
def test_a_key_is_not_reset_by_a_body_of_another_shape(olga: Client, body: bytes) -> None:
    person = alice()
    response = olga.generic("POST", f"{TENANTS}/{person.tenant.id}/reset-key", body, content_type=JSON)
    assert response.status_code == 422
    assert person.client.get("/v1/whoami").status_code == 200


@pytest.mark.parametrize("tenant_id", ["t_000000000000", "t_%00", "x" * 500, "t_ü", "%ff", "t_'--"])
def test_an_unknown_tenant_is_a_404_without_odd_quotes(olga: Client, tenant_id: str) -> None:
    for method, suffix in (("delete", ""), ("post", "/reset-key"), ("post", "/rename")):
        body = json.dumps({"name": "x"} if suffix == "/rename" else {}).encode()
        response = olga.generic(method.upper(), f"{TENANTS}/{tenant_id}{suffix}", body, content_type=JSON)
        assert response.status_code == 404, (method, suffix)
        assert '"' not in response.json()["detail"]


def test_a_tenant_is_removed_with_its_database(olga: Client) -> None:
    new = post(olga, TENANTS, {"name": "Ana"}).json()
    path = f"{TENANTS}/{new['tenant_id']}"
    assert olga.delete(path).json() == {"status": "ok", "tenant_id": new["tenant_id"]}
    assert olga.delete(path).status_code == 404
    assert client(new["api_key"]).get("/v1/whoami").status_code == 401


def test_the_admin_key_opens_no_tenants_route(olga: Client) -> None:
    for path in ("/v1/whoami", "/v1/health", "/v1/tenant/tokens"):
        assert olga.get(path).status_code == 401


def together(*calls: Any) -> list[Any]:
    """The answers to calls that are made at the same time."""
    answers: list[Any] = []
    start = threading.Barrier(len(calls))

    def run(call: Any) -> None:
        try:
            start.wait()
            answers.append(call())
        finally:
            close_old_connections()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_of_two_tenants_of_one_name_made_at_once_one_is_made() -> None:
    with operator.configured():
        answers = together(*[lambda: post(operator.olga(), TENANTS, {"name": "Ana"})] * 3)
    try:
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        assert Tenant.objects.filter(name="Ana").count() == 1
    finally:
        for tenant_id in made:
            provision.drop(tenant_id)
        made.clear()


@pytest.mark.django_db(transaction=True)
def test_of_two_removals_at_once_one_finds_the_tenant() -> None:
    with operator.configured():
        new = post(operator.olga(), TENANTS, {"name": "Ana"}).json()
        path = f"{TENANTS}/{new['tenant_id']}"
        answers = together(*[lambda: operator.olga().delete(path)] * 3)
    made.clear()
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404]
    assert AuditEvent.objects.filter(action="tenant.deleted", subject=new["tenant_id"]).count() == 1
