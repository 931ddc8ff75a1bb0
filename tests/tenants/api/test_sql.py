"""POST /v1/tenant/sql, GET /v1/admin/schema and /v1/health."""

import json
import time

import pytest

from hivemind.kit import conf
from hivemind.kit.api.testing import OperationBattery
from tenants import hooks
from tenants.credentials import registry
from tenants.principals import RoomGuest
from tests.factories.tenants import alice, bob, client, person, with_database

INVITE = "hmq_" + "q" * 43


@pytest.fixture
def anne(db: None):
    return with_database(alice())


@pytest.fixture
def guest(anne, monkeypatch):
    """A guest of Alice's whose room allows the table `sales`."""
    monkeypatch.setattr(registry, "_resolvers", dict(registry._resolvers))
    registry.register(
        "hmq_", lambda token: RoomGuest(anne.tenant, "room_0123456789ab", token.token_id, "query", {}, token)
    )
    monkeypatch.setattr(hooks, "_tables", [lambda guest: frozenset({"sales", "gone"})])
    run(anne, "CREATE TABLE sales (id int NOT NULL, at timestamptz DEFAULT now()); CREATE TABLE salaries (id int)")
    return client(INVITE)


def run(person, sql, params=None):
    body = {"sql": sql} if params is None else {"sql": sql, "params": params}
    return person.client.post("/v1/tenant/sql", json.dumps(body), "application/json")


class TestSql(OperationBattery):
    method = "post"
    path = "/v1/tenant/sql"
    body = {"sql": "SELECT 1 AS n"}
    allowed = staticmethod(lambda: with_database(alice()).api_key)
    most_queries = 1


class TestSchema(OperationBattery):
    path = "/v1/admin/schema"
    allowed = staticmethod(lambda: with_database(alice()).api_key)
    most_queries = 1


class TestHealth(OperationBattery):
    path = "/v1/health"
    allowed = staticmethod(lambda: with_database(alice()).api_key)
    most_queries = 1


def test_rows_and_their_number_come_back(anne):
    answer = run(anne, "SELECT 1 AS id, %s AS body", ["50% Ü"])
    assert answer.status_code == 200
    assert answer.json() == {"rows": [{"id": 1, "body": "50% Ü"}], "rowcount": 1}
    assert run(anne, "CREATE TABLE t (id int)", []).json() == {"rows": [], "rowcount": 0}


@pytest.mark.parametrize(
    "expression",
    ["'NaN'::float8", "'1e400'::json", r"""'"\ud800"'::json""", "repeat('[', 900)::text", "9007199254740993::int8"],
)
def test_no_value_breaks_the_response(anne, expression):
    answer = run(anne, f"SELECT {expression} AS v")
    assert answer.status_code == 200
    json.loads(answer.content)
    assert b"9007199254740993" in answer.content or "int8" not in expression


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sql": ""},
        {"sql": None},
        {"sql": "SELECT 1", "params": "x"},
        {"sql": "SELECT 1", "params": {"a": 1}},
        {"sql": "a\0b"},
    ],
)
def test_a_body_of_another_shape_is_a_422(anne, body):
    answer = anne.client.post("/v1/tenant/sql", json.dumps(body), "application/json")
    assert answer.status_code == 422


def test_a_failure_is_a_400_with_the_databases_words(anne):
    answer = run(anne, "SELECT * FROM missing")
    assert (answer.status_code, answer.json()["code"]) == (400, "sql_failed")
    assert 'relation "missing" does not exist' in answer.json()["detail"]


def test_a_database_that_is_gone_is_a_503_without_detail(db):
    answer = run(person("dora"), "SELECT 1")
    assert (answer.status_code, answer.json()["code"]) == (503, "tenant_database_busy")
    assert "FATAL" not in answer.json()["detail"] and "tenant_t" not in answer.json()["detail"]


def test_guests_run_no_sql(guest):
    assert guest.post("/v1/tenant/sql", {"sql": "SELECT 1"}, "application/json").status_code == 403
    assert guest.post("/v1/tenant/sql", "{", "application/json").status_code == 403


def test_the_owner_sees_every_column(anne, guest):
    rows = anne.client.get("/v1/admin/schema").json()["schema"]
    assert [(row["table_name"], row["column_name"]) for row in rows] == [
        ("salaries", "id"),
        ("sales", "id"),
        ("sales", "at"),
    ]
    assert rows[1] == {
        "table_name": "sales",
        "column_name": "id",
        "data_type": "integer",
        "is_nullable": "NO",
        "column_default": None,
    }
    assert (rows[2]["data_type"], rows[2]["column_default"]) == ("timestamp with time zone", "now()")


def test_a_guest_sees_the_tables_of_its_room_alone(anne, guest, monkeypatch):
    rows = guest.get("/v1/admin/schema").json()["schema"]
    assert {row["table_name"] for row in rows} == {"sales"}
    assert guest.get("/v1/health").json()["table_count"] == 1
    monkeypatch.setattr(hooks, "_tables", [])
    assert guest.get("/v1/admin/schema").json() == {"schema": []}


def test_health_tells_what_affects_a_tenant(anne):
    run(anne, "CREATE TABLE t (id int)")
    with conf.override("llm", disabled_providers="tinfoil", disabled_routes="a/b, c/d"):
        body = anne.client.get("/v1/health").json()
    assert body == {
        "status": "ok",
        "table_count": 1,
        "version": "0.3.7",
        "artifact_retention_seconds": 86400,
        "disabled_llm_providers": "tinfoil",
        "disabled_llm_routes": "a/b, c/d",
    }


def test_one_tenants_table_is_not_anothers(anne):
    other = with_database(bob())
    run(anne, "CREATE TABLE secret (id int)")
    assert run(other, "SELECT * FROM secret").status_code == 400
    assert run(other, f"SELECT * FROM {anne.tenant.db_name}.public.secret").status_code == 400


def test_a_small_query_is_quick(anne):
    run(anne, "SELECT 1")
    started = time.perf_counter()
    for _ in range(10):
        run(anne, "SELECT 1")
    assert (time.perf_counter() - started) / 10 < 0.25
