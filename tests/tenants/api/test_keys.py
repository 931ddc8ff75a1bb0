"""Rotating and unsealing over the wire."""

from hivemind.kit.api.testing import OperationBattery
from hivemind.kit.audit import Actor
from tenants.models import ApiKey
from tenants.services import api_keys
from tests.factories.tenants import alice, bob, client

OLGA = Actor.operator("olga")


class TestRotateKey(OperationBattery):
    method = "post"
    path = "/v1/tenant/rotate-key"
    allowed = staticmethod(lambda: alice().api_key)


class TestUnseal(OperationBattery):
    method = "post"
    path = "/v1/tenant/unseal"
    body = {"previous_key": "hmk_" + "x" * 43}
    allowed = staticmethod(lambda: alice().api_key)


def test_rotation_answers_with_the_new_key_once(db):
    person = alice()
    response = person.client.post("/v1/tenant/rotate-key")
    assert response.status_code == 200 and response["Cache-Control"] == "no-store"
    body = response.json()
    assert set(body) == {"tenant_id", "api_key"} and body["tenant_id"] == person.tenant.id
    assert person.client.get("/v1/whoami").status_code == 401
    whoami = client(body["api_key"]).get("/v1/whoami").json()
    assert (whoami["tenant_id"], whoami["sealed"]) == (person.tenant.id, False)
    assert not ApiKey.objects.filter(token_hash__contains=body["api_key"]).exists()


def test_rotation_leaves_other_tenants_alone(db):
    person, other = alice(), bob()
    person.client.post("/v1/tenant/rotate-key")
    assert other.client.get("/v1/whoami").status_code == 200


def test_an_open_tenant_has_nothing_to_unseal(db):
    person = alice()
    response = person.client.post("/v1/tenant/unseal", {"previous_key": person.api_key}, "application/json")
    assert (response.status_code, response.json()["code"]) == (409, "tenant_not_sealed")


def test_a_sealed_tenant_is_opened_with_the_key_from_before(db):
    person = alice()
    new = api_keys.reset(person.tenant.id, actor=OLGA, clear_seal=False, revoke_capabilities=False)
    owner = client(new.api_key)
    wrong = owner.post("/v1/tenant/unseal", {"previous_key": new.api_key}, "application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "previous_key_wrong")
    right = owner.post("/v1/tenant/unseal", {"previous_key": person.api_key}, "application/json")
    assert right.json() == {"status": "ok", "tenant_id": person.tenant.id, "sealed": False}
    assert owner.get("/v1/whoami").json()["sealed"] is False
