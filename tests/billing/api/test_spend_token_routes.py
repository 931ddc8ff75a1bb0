"""Spend tokens over HTTP: made once, listed without their text, revoked by their owner."""

import re
from typing import Any

import pytest

from billing.models import SpendToken
from billing.services import spend_tokens
from billing.services.spend_tokens import LONGEST_SECONDS, NewSpendToken
from hivemind.kit import clock
from hivemind.kit.api.testing import OperationBattery
from hivemind.kit.models import AuditEvent
from tests.factories import tenants
from tests.factories.rooms import post
from tests.factories.tenants import Person, carol

URL = "/v1/billing/spend-tokens"
FIELDS = {
    "token_id",
    "label",
    "limit_micro_usd",
    "committed_micro_usd",
    "room_id",
    "service",
    "expires_at",
    "created_at",
    "revoked_at",
}


def minted(person: Person) -> spend_tokens.Minted:
    return spend_tokens.mint(NewSpendToken(1_000), owner=person.owner)


class TestMint(OperationBattery):
    method = "post"
    path = URL
    body = {"limit_usd": "1.00"}
    allowed = staticmethod(lambda: tenants.alice().api_key)


class TestList(OperationBattery):
    path = URL
    allowed = staticmethod(lambda: tenants.alice().api_key)
    most_queries = 2


class TestRevoke(OperationBattery):
    method = "delete"
    allowed = staticmethod(lambda: tenants.alice().api_key)
    stranger = staticmethod(lambda: carol().api_key)

    @pytest.fixture(autouse=True)
    def _token(self, db: None) -> None:
        self.path = f"{URL}/{minted(tenants.bob()).token.pk}"


def test_a_token_is_made_and_shown_once(alice: Person) -> None:
    before = clock.now().timestamp()
    body = {"limit_usd": "2.50", "room_id": "room_5e0c1a9b77d2", "service": "http://Hive.example/", "label": "ci"}
    answer = post(alice.client, URL, body)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    made = answer.json()
    assert set(made) == FIELDS | {"token"}
    assert re.fullmatch(r"hmp_[A-Za-z0-9_-]{43}", made["token"])
    assert (made["limit_micro_usd"], made["committed_micro_usd"], made["revoked_at"]) == (2_500_000, 0, None)
    assert (made["room_id"], made["service"], made["label"]) == ("room_5e0c1a9b77d2", "http://hive.example", "ci")
    assert 3599 <= made["expires_at"] - before <= 3700
    token = made.pop("token")
    assert alice.client.get(URL).json() == {"spend_tokens": [made]}
    assert token not in repr(list(AuditEvent.objects.values()))
    assert spend_tokens.resolve(token) is not None


def test_a_token_opens_nothing(alice: Person) -> None:
    token = post(alice.client, URL, {"limit_micro_usd": 5}).json()["token"]
    by = tenants.client(token)
    for path in ("/v1/billing", "/v1/whoami", "/v1/rooms", "/v1/runs", URL):
        assert by.get(path).status_code == 401
    assert by.delete(f"{URL}/{SpendToken.objects.get().pk}").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"limit_micro_usd": 1, "limit_usd": "1.00"},
        {"limit_micro_usd": None},
        {"limit_micro_usd": 0},
        {"limit_usd": "0.0000004"},
        {"limit_usd": "-1"},
        {"limit_usd": "NaN"},
        {"limit_usd": [1]},
        {"limit_micro_usd": 10**15 + 1},
    ],
)
def test_a_token_has_exactly_one_limit_that_is_an_amount(alice: Person, body: dict[str, Any]) -> None:
    answer = post(alice.client, URL, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_amount")


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("expires_in_seconds", 0, 400),
        ("expires_in_seconds", LONGEST_SECONDS + 1, 400),
        ("expires_in_seconds", 10**300, 400),
        ("expires_in_seconds", True, 400),
        ("expires_in_seconds", "\u0663", 400),
        ("limit_micro_usd", True, 400),
        ("limit_micro_usd", 1.5, 400),
        ("room_id", "somewhere", 400),
        ("service", "nowhere", 400),
        ("label", "hmk_" + "x" * 43, 400),
        ("label", "x" * 201, 422),
        ("label", 7, 422),
    ],
)
def test_everything_about_a_token_has_bounds(alice: Person, field: str, value: Any, status: int) -> None:
    assert post(alice.client, URL, {"limit_micro_usd": 1, field: value}).status_code == status
    assert not SpendToken.objects.exists()


def test_the_limit_may_be_above_the_balance(alice: Person) -> None:
    assert post(alice.client, URL, {"limit_usd": 1_000_000, "expires_in_seconds": LONGEST_SECONDS}).status_code == 200


def test_tokens_are_read_in_pages_newest_first(alice: Person) -> None:
    made = [minted(alice).token.pk for _ in range(5)]
    minted(carol())
    first = alice.client.get(URL, {"limit": 3})
    rest = alice.client.get(URL, {"limit": 3, "cursor": first.headers["X-Next-Cursor"]})
    read = [row["token_id"] for answer in (first, rest) for row in answer.json()["spend_tokens"]]
    assert read == made[::-1]
    assert "X-Next-Cursor" not in rest.headers


def test_a_token_is_revoked_once(alice: Person) -> None:
    made = minted(alice)
    url = f"{URL}/{made.token.pk}"
    assert carol().client.delete(url).status_code == 404
    assert alice.client.delete(url).json() == {"status": "ok", "token_id": made.token.pk}
    again = alice.client.delete(url)
    assert (again.status_code, again.json()["code"]) == (404, "spend_token_not_found")
    assert alice.client.get(URL).json()["spend_tokens"][0]["revoked_at"] is not None
    assert spend_tokens.resolve(made.text) is None
