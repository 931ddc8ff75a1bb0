"""Who is asking: /v1/whoami, and how a bearer must look."""

import pytest
from django.test import Client

from hivemind.kit.api.testing import OperationBattery
from hivemind.kit.audit import Actor
from tenants import hooks
from tenants.credentials import registry
from tenants.principals import RoomGuest
from tenants.services import api_keys
from tests.factories.tenants import alice, client

ROOM = "room_0123456789ab"
INVITE, SHARE = "hmq_" + "q" * 43, "hms_" + "s" * 43


@pytest.fixture
def guests(db: None, monkeypatch):
    """An invite and a share link to a room of Alice, resolved by stand-ins."""
    tenant = alice().tenant
    monkeypatch.setattr(registry, "_resolvers", dict(registry._resolvers))
    for prefix, role in (("hmq_", "query"), ("hms_", "share")):
        registry.register(
            prefix,
            lambda token, role=role: RoomGuest(tenant, ROOM, token.token_id, role, {"room_id": ROOM}, token),
        )
    return tenant


class TestWhoami(OperationBattery):
    path = "/v1/whoami"
    allowed = staticmethod(lambda: alice().api_key)
    most_queries = 2


def test_an_owner_has_no_token_id_and_no_constraints(db):
    person = alice()
    assert person.client.get("/v1/whoami").json() == {
        "tenant_id": person.tenant.id,
        "name": "alice",
        "role": "owner",
        "constraints": {},
        "token_id": "",
        "sealed": False,
    }


@pytest.mark.parametrize(("bearer", "role"), [(INVITE, "query"), (SHARE, "share")])
def test_a_guest_is_told_its_room_and_the_owners_tenant(guests, monkeypatch, bearer, role):
    monkeypatch.setattr(hooks, "_sealed", [lambda guest: False])
    body = client(bearer).get("/v1/whoami").json()
    assert (body["tenant_id"], body["name"], body["role"]) == (guests.id, "alice", role)
    assert body["constraints"] == {"room_id": ROOM} and len(body["token_id"]) == 12
    assert body["sealed"] is False


def test_a_guest_whose_bearer_opens_nothing_is_sealed(guests, monkeypatch):
    for answers in ([], [lambda guest: True]):
        monkeypatch.setattr(hooks, "_sealed", answers)
        assert client(INVITE).get("/v1/whoami").json()["sealed"] is True


def test_a_sealed_tenant_says_so(db):
    person = alice()
    new = api_keys.reset(person.tenant.id, actor=Actor.operator("olga"), clear_seal=False, revoke_capabilities=False)
    assert client(new.api_key).get("/v1/whoami").json()["sealed"] is True
    assert person.client.get("/v1/whoami").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "bearer {}",
        "BEARER {}",
        "Bearer{}",
        "Basic {}",
        "Token {}",
        "{}",
        "Bearer",
        "Bearer ",
        "Bearer {}x{}",
        "Bearer {} {}",
        "Bearer \xfc\xfc",
        "Bearer hmk_\xfc" + "x" * 42,
        "Bearer hmk_ключ",
        "Bearer hmk_" + "x" * 5000,
    ],
)
def test_a_bearer_that_is_not_written_exactly_so_is_refused(db, header):
    text = header.replace("{}", alice().api_key)
    response = Client(raise_request_exception=False).get("/v1/whoami", HTTP_AUTHORIZATION=text)
    assert response.status_code == 401
    assert response.json() == {"detail": "Missing or invalid token", "code": "unauthenticated"}
    assert "WWW-Authenticate" not in response.headers


def test_blanks_around_the_bearer_do_not_matter(db):
    text = f"Bearer   {alice().api_key}  "
    assert Client().get("/v1/whoami", HTTP_AUTHORIZATION=text).status_code == 200


def test_the_admin_key_is_no_bearer_of_a_tenant(db, settings):
    assert client("an-admin-key").get("/v1/whoami").status_code == 401


def test_a_trailing_slash_is_a_redirect_that_keeps_the_method(db):
    response = alice().client.post("/v1/tenant/rotate-key/")
    assert (response.status_code, response["Location"]) == (307, "/v1/tenant/rotate-key")
