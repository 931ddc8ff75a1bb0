"""Credit codes over the operator's API."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.models import CreditCode
from billing.services import credit_codes
from billing.services.credit_codes import NewCode
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tests.billing.conftest import OLGA
from tests.factories.operator import OperatorBattery
from tests.factories.rooms import post
from tests.factories.tenants import Person

URL = "/v1/admin/credit-codes"
FIELDS = {
    "code_id",
    "label",
    "credit_micro_usd",
    "max_redemptions",
    "redeemed_count",
    "created_at",
    "expires_at",
    "revoked_at",
}


class TestMint(OperatorBattery):
    method = "post"
    path = URL
    body = {"credit_usd": "1.00"}


class TestList(OperatorBattery):
    path = URL
    most_queries = 1


class TestRevoke(OperatorBattery):
    method = "post"
    path = f"{URL}/cc_0123456789abcdef/revoke"


def minted(credit: int = 3_000_000, uses: int = 1, **wanted: Any) -> credit_codes.Minted:
    return credit_codes.mint(NewCode(credit, uses, **wanted), actor=OLGA)


def test_a_code_is_minted_and_shown_once(olga: Client) -> None:
    answer = post(olga, URL, {"credit_usd": "3.00", "max_redemptions": 2, "label": "launch"})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    made = answer.json()
    assert set(made) == FIELDS | {"code"}
    assert re.fullmatch(r"hmcc_[A-Za-z0-9_-]{43}", made["code"])
    assert (made["credit_micro_usd"], made["max_redemptions"], made["redeemed_count"]) == (3_000_000, 2, 0)
    assert (made["label"], made["expires_at"], made["revoked_at"]) == ("launch", None, None)
    text = made.pop("code")
    listed = olga.get(URL).json()["credit_codes"]
    assert listed == [made | {"remaining_redemptions": 2, "expired": False, "active": True}]
    assert AuditEvent.objects.get(subject=made["code_id"]).actor == "operator:admin key"
    assert text not in repr(list(AuditEvent.objects.values()))


def test_an_empty_body_makes_a_code_worth_nothing_for_one_use(olga: Client) -> None:
    made = post(olga, URL, {}).json()
    assert (made["credit_micro_usd"], made["max_redemptions"], made["label"]) == (0, 1, "")


@pytest.mark.parametrize(
    ("body", "uses"),
    [
        ({"uses": 3}, 3),
        ({"max_redemptions": "4"}, 4),
        ({"max_redemptions": 2, "uses": 9}, 2),
        ({"max_redemptions": None, "uses": 9}, 9),
        ({"max_redemptions": 1_000_000}, 1_000_000),
    ],
)
def test_uses_have_two_names(olga: Client, body: dict[str, Any], uses: int) -> None:
    assert post(olga, URL, body).json()["max_redemptions"] == uses


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"max_redemptions": 0}, 400, "bad_uses"),
        ({"max_redemptions": 0, "uses": 3}, 400, "bad_uses"),
        ({"uses": -1}, 400, "bad_uses"),
        ({"uses": 1_000_001}, 400, "bad_uses"),
        ({"uses": True}, 400, "bad_uses"),
        ({"uses": 1.5}, 400, "bad_uses"),
        ({"uses": [1]}, 400, "bad_uses"),
        ({"credit_usd": -1}, 400, "bad_amount"),
        ({"credit_usd": "NaN"}, 400, "bad_amount"),
        ({"credit_usd": "Infinity"}, 400, "bad_amount"),
        ({"credit_usd": "1e400"}, 400, "bad_amount"),
        ({"credit_usd": "1e999999999"}, 400, "bad_amount"),
        ({"credit_usd": {"a": 1}}, 400, "bad_amount"),
        ({"credit_usd": True}, 400, "bad_amount"),
        ({"credit_usd": "\u0663"}, 400, "bad_amount"),
        ({"expires_at": 1}, 400, "bad_expiry"),
        ({"expires_at": "soon"}, 400, "bad_expiry"),
        ({"expires_at": 1e300}, 400, "bad_expiry"),
        ({"expires_in_seconds": 0}, 400, "bad_expiry"),
        ({"expires_in_seconds": -5}, 400, "bad_expiry"),
        ({"expires_in_seconds": 10**30}, 400, "bad_expiry"),
        ({"label": "see hmcc_" + "x" * 43}, 400, "bad_label"),
        ({"label": ["x"]}, 422, "malformed"),
    ],
)
def test_a_wrong_value_mints_nothing(olga: Client, body: dict[str, Any], status: int, code: str) -> None:
    answer = post(olga, URL, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not CreditCode.objects.exists()


def test_half_a_micro_dollar_is_rounded_up(olga: Client) -> None:
    worth = [post(olga, URL, {"credit_usd": usd}).json()["credit_micro_usd"] for usd in ("0.0000005", "0.0000004", 1.5)]
    assert worth == [1, 0, 1_500_000]


def test_a_number_of_seconds_wins_over_a_moment(olga: Client) -> None:
    now = clock.now().timestamp()
    both = post(olga, URL, {"expires_at": now + 9_999, "expires_in_seconds": 60}).json()
    assert 60 <= both["expires_at"] - now <= 90
    assert post(olga, URL, {"expires_at": now + 9_999}).json()["expires_at"] == pytest.approx(now + 9_999)


def test_codes_are_listed_newest_first_in_pages_without_revoked_ones(olga: Client) -> None:
    made = [minted().code.pk for _ in range(5)]
    assert post(olga, f"{URL}/{made[2]}/revoke").json() == {"status": "ok", "code_id": made[2]}
    first = olga.get(URL, {"limit": 3})
    rest = olga.get(URL, {"limit": 3, "cursor": first.headers["X-Next-Cursor"]})
    read = [row["code_id"] for answer in (first, rest) for row in answer.json()["credit_codes"]]
    assert read == [made[4], made[3], made[1], made[0]]
    every = olga.get(URL, {"include_revoked": "true"}).json()["credit_codes"]
    assert len(every) == 5 and every[2]["revoked_at"] is not None and every[2]["active"] is False
    assert len(olga.get(URL, {"limit": 0}).json()["credit_codes"]) == 1


def test_a_used_up_code_is_not_active(olga: Client, alice: Person) -> None:
    code = minted()
    credit_codes.redeem(code.text, tenant_id=alice.tenant.id, actor=OLGA)
    row = olga.get(URL).json()["credit_codes"][0]
    assert (row["redeemed_count"], row["remaining_redemptions"], row["active"], row["expired"]) == (1, 0, False, False)


def test_an_expired_code_is_not_active(olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    minted(expires_at=clock.now() + timedelta(hours=1))
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    row = olga.get(URL).json()["credit_codes"][0]
    assert (row["remaining_redemptions"], row["active"], row["expired"]) == (1, False, True)


def test_a_code_is_revoked_once(olga: Client) -> None:
    code_id = minted().code.pk
    assert post(olga, f"{URL}/{code_id}/revoke").status_code == 200
    for unknown in (code_id, "cc_0000000000000000", "cc_"):
        answer = post(olga, f"{URL}/{unknown}/revoke")
        assert (answer.status_code, answer.json()["code"]) == (404, "credit_code_not_found")
        assert '"' not in answer.json()["detail"]
