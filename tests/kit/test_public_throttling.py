"""Whoever shows no credential is held back where the service works for it: signed revocations, and the login page."""

import json
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from hivemind.api import document
from hivemind.kit import conf
from hivemind.kit.api.throttling import RateThrottle
from tenants.api.permissions import Public
from tests.contract.routes import operations

NOBODY_LISTENS = "redis://127.0.0.1:1/0"
END, LOGIN = "/v1/rooms/room_000000000000/revocation", "/admin/login/"
# Answered from memory, and never refused to a check of the service's health.
FROM_MEMORY = {"GET /v1/healthz"}


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """A client address that no other test has."""
    return f"2001:db8:99:{abs(hash(request.node.nodeid)) % 0xFFFF:x}::1"


@pytest.fixture(autouse=True)
def rates() -> Iterator[None]:
    with conf.override("throttles", public="2/hour", sign_in="3/hour"):
        yield


def read(address: str) -> int:
    return Client().get(END, REMOTE_ADDR=address).status_code


def test_public_operations_that_do_more_than_remember_are_throttled() -> None:
    public = [each for each in operations() if Public in each.view.permission_classes]
    free = {str(each) for each in public if not any(issubclass(t, RateThrottle) for t in each.view.throttle_classes)}
    assert free == FROM_MEMORY


def test_revocations_are_read_so_often_by_one_address(db: None, address: str) -> None:
    assert [read(address) for _ in range(3)] == [404, 404, 429]
    assert read("2001:db8:98::1") in (404, 429)
    refused = Client().get(END, REMOTE_ADDR=address)
    assert refused.json()["code"] == "throttled" and 3500 <= int(refused["Retry-After"]) <= 3600


def test_revocations_stay_readable_without_redis(db: None, address: str) -> None:
    with override_settings(REDIS_URL=NOBODY_LISTENS):
        assert {read(address) for _ in range(4)} == {404}


def sign_in(name: str, password: str, address: str) -> int:
    return Client().post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR=address).status_code


def test_an_address_that_tries_names_one_after_the_other_has_to_wait(db: None, address: str) -> None:
    User.objects.create_superuser("olga", password="a password of hers")
    assert [sign_in(f"name-{n}", "a guess", address) for n in range(4)] == [200, 200, 200, 429]
    assert sign_in("olga", "a password of hers", address) == 429
    waiting = Client().post(LOGIN, {"username": "olga", "password": "x"}, REMOTE_ADDR=address)
    assert 3500 <= int(waiting["Retry-After"]) <= 3600
    assert "no account is locked" in " ".join(waiting.content.decode().split())
    assert Client().get(LOGIN, REMOTE_ADDR=address).status_code == 200
    assert sign_in("olga", "a password of hers", address.replace(":99:", ":97:")) == 302


def test_operators_get_in_without_redis(db: None, address: str) -> None:
    User.objects.create_superuser("olga", password="a password of hers")
    with override_settings(REDIS_URL=NOBODY_LISTENS):
        assert {sign_in("olga", "a password of hers", address) for _ in range(4)} == {302}


def test_the_description_of_the_api_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get("/v1/openapi.json")
    monkeypatch.setattr(document.openapi, "document", lambda: pytest.fail("made again"))
    again = Client().get("/openapi.json")
    assert again.content == first.content and json.loads(again.content)["paths"]
    assert Client().get("/v1/openapi.json", headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert Client().head("/v1/openapi.json").status_code == 200
    assert Client().post("/v1/openapi.json").status_code == 405
