"""Prices over the operator's API."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.models import Price
from hivemind.kit import clock
from tests.factories.operator import OperatorBattery
from tests.factories.rooms import post

URL = "/v1/admin/billing/prices"
MODEL = "m/x"


class TestPrices(OperatorBattery):
    path = URL
    most_queries = 1


class TestSet(OperatorBattery):
    method = "post"
    path = URL
    body = {"provider": "openrouter", "model": MODEL, "prompt_usd_per_million": 1, "completion_usd_per_million": 1}


class TestWithdraw(OperatorBattery):
    method = "delete"
    path = f"{URL}/openrouter/no/such/model"


def wanted(**changes: Any) -> dict[str, Any]:
    base = {
        "provider": " OpenRouter ",
        "model": f" {MODEL} ",
        "prompt_usd_per_million": "0.25",
        "completion_usd_per_million": 2,
    }
    return base | changes


def listed(olga: Client, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = olga.get(URL, query).json()["prices"]
    return [row for row in rows if row["model"] == MODEL]


def test_a_price_is_set_and_set_again(olga: Client) -> None:
    made = post(olga, URL, wanted()).json()
    assert {name: made[name] for name in ("provider", "model", "source", "withdrawn")} == {
        "provider": "openrouter",
        "model": MODEL,
        "source": "admin",
        "withdrawn": False,
    }
    assert (made["prompt_microusd_per_mtok"], made["completion_microusd_per_mtok"]) == (250_000, 2_000_000)
    assert isinstance(made["updated_at"], float) and made["effective_from"] == pytest.approx(made["updated_at"], abs=1)
    assert listed(olga) == [made]
    again = post(olga, URL, wanted(prompt_usd_per_million=0, source=" feed ")).json()
    assert (again["prompt_microusd_per_mtok"], again["source"]) == (0, "feed")
    assert listed(olga) == [again]
    assert listed(olga, all="true") == [again, made]


def test_prices_in_force_are_sorted_by_provider_and_model(olga: Client) -> None:
    post(olga, URL, wanted(provider="aaa"))
    rows = [(row["provider"], row["model"]) for row in olga.get(URL).json()["prices"]]
    assert rows == sorted(rows) and len(rows) > 10


def test_a_price_may_begin_later(olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begins = clock.now() + timedelta(hours=1)
    now_price = post(olga, URL, wanted()).json()
    future = post(olga, URL, wanted(completion_usd_per_million=9, effective_from=begins.timestamp())).json()
    assert future["effective_from"] == pytest.approx(begins.timestamp())
    assert listed(olga) == [now_price]
    assert listed(olga, all="true") == [future, now_price]
    later = begins + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert listed(olga) == [future]


def test_a_price_is_withdrawn_and_its_past_is_kept(olga: Client) -> None:
    post(olga, URL, wanted())
    gone = olga.delete(f"{URL}/OpenRouter/{MODEL}")
    assert gone.json() == {"status": "ok", "provider": "OpenRouter", "model": MODEL}
    assert listed(olga) == []
    assert [row["withdrawn"] for row in listed(olga, all="true")] == [True, False]
    again = olga.delete(f"{URL}/openrouter/{MODEL}")
    assert (again.status_code, again.json()["code"]) == (404, "price_not_found")
    assert olga.delete(f"{URL}/openrouter/%20").status_code == 400


def test_a_scheduled_price_is_cancelled_by_its_moment(olga: Client) -> None:
    now_price = post(olga, URL, wanted()).json()
    made = [post(olga, URL, wanted(effective_from=clock.now().timestamp() + hours * 3_600)) for hours in (1.1, 2)]
    first, second = (answer.json() for answer in made)
    path = f"{URL}/OpenRouter/{MODEL}"
    gone = olga.delete(path, query_params={"effective_from": repr(first["effective_from"])})
    assert gone.json() == {"status": "ok", "provider": "OpenRouter", "model": MODEL}
    assert listed(olga, all="true") == [second, now_price]
    assert listed(olga) == [now_price]
    again = olga.delete(path, query_params={"effective_from": repr(first["effective_from"])})
    assert (again.status_code, again.json()["code"]) == (404, "price_not_found")


def test_a_price_in_force_is_not_cancelled(olga: Client) -> None:
    made = post(olga, URL, wanted()).json()
    refused = olga.delete(f"{URL}/openrouter/{MODEL}", query_params={"effective_from": repr(made["effective_from"])})
    assert (refused.status_code, refused.json()["code"]) == (409, "price_begun")
    assert listed(olga) == [made]


@pytest.mark.parametrize("moment", ["", "soon", "nan", "inf", "-1", "1e300", "1_0", "\u0663"], ids=ascii)
def test_a_moment_that_is_none_takes_nothing_away(olga: Client, moment: str) -> None:
    made = post(olga, URL, wanted()).json()
    refused = olga.delete(f"{URL}/openrouter/{MODEL}", query_params={"effective_from": moment})
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")
    assert listed(olga) == [made]


def test_every_price_ever_set_is_read_in_pages(olga: Client) -> None:
    total = Price.objects.count()
    first = olga.get(URL, {"all": "true", "limit": total - 1})
    rest = olga.get(URL, {"all": "true", "limit": total - 1, "cursor": first.headers["X-Next-Cursor"]})
    assert [len(answer.json()["prices"]) for answer in (first, rest)] == [total - 1, 1]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"provider": " "}, 400, "bad_price"),
        ({"model": ""}, 400, "bad_price"),
        ({"model": "x" * 201}, 400, "bad_price"),
        ({"prompt_usd_per_million": -1}, 400, "bad_amount"),
        ({"prompt_usd_per_million": "Infinity"}, 400, "bad_amount"),
        ({"completion_usd_per_million": "nan"}, 400, "bad_amount"),
        ({"completion_usd_per_million": None}, 400, "bad_amount"),
        ({"effective_from": 5}, 400, "bad_price"),
        ({"effective_from": "soon"}, 400, "bad_price"),
        ({"effective_from": 1e300}, 400, "bad_price"),
        ({"provider": ["x"]}, 422, "malformed"),
        ({"model": "a\0b"}, 422, "malformed"),
    ],
)
def test_a_wrong_value_sets_no_price(olga: Client, change: dict[str, Any], status: int, code: str) -> None:
    before = Price.objects.count()
    answer = post(olga, URL, wanted(**change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Price.objects.count() == before


def test_two_prices_from_the_same_moment_clash(olga: Client) -> None:
    begins = clock.now().timestamp() + 3_600
    assert post(olga, URL, wanted(effective_from=begins)).status_code == 200
    answer = post(olga, URL, wanted(effective_from=begins))
    assert (answer.status_code, answer.json()["code"]) == (409, "price_clash")
