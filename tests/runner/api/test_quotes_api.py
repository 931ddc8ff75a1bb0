"""Asking what an ask would cost, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from billing.services import ledger, spend_tokens
from billing.services.ledger import Grant
from billing.services.spend_tokens import NewSpendToken
from hivemind.kit.handoff import WorkerIdentity
from runner.models import Run
from tests.factories import paid_runs
from tests.factories.paid_runs import MODEL, OLGA
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client


@pytest.fixture(autouse=True)
def models(db: None) -> Iterator[None]:
    with paid_runs.priced_model():
        yield


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    return paid_runs.room_with_models(alice)


def quoted(by: Client, room: MadeRoom, payer: str = "", **body: Any) -> dict[str, Any]:
    headers = {"X-Hivemind-Api-Key": payer} if payer else {}
    url = f"{room.url}/quote"
    answer = by.post(url, json.dumps({"max_tokens": 200_000, **body}), content_type="application/json", headers=headers)
    return {"status": answer.status_code, **answer.json()}


def test_a_guest_learns_what_an_ask_costs_before_naming_a_payer(room: MadeRoom) -> None:
    body = quoted(room.bob, room)
    assert (body["max_cost_micro_usd"], body["provider"], body["max_tokens"]) == (400_000, "openrouter", 200_000)
    assert (body["payer"], body["sufficient"], body["missing_prices"], body["enforce_credits"]) == (
        None,
        None,
        [],
        True,
    )
    scope = {
        "name": "scope",
        "model": MODEL,
        "max_tokens": 100_000,
        "prompt_micro_usd_per_mtok": 250_000,
        "completion_micro_usd_per_mtok": 2_000_000,
        "max_cost_micro_usd": 200_000,
    }
    assert body["stages"][0] == scope
    assert not Run.objects.exists()


def test_a_payer_learns_whether_its_credit_is_enough(room: MadeRoom, bob: Person) -> None:
    ledger.grant(bob.tenant.pk, Grant(399_999), actor=OLGA)
    body = quoted(room.bob, room, bob.api_key)
    assert (body["payer"], body["sufficient"]) == (
        {"tenant_id": bob.tenant.pk, "balance_micro_usd": 399_999},
        False,
    )
    ledger.grant(bob.tenant.pk, Grant(1), actor=OLGA)
    assert quoted(room.bob, room, bob.api_key)["sufficient"] is True


def test_a_spend_token_is_not_told_its_owners_balance(room: MadeRoom, bob: Person) -> None:
    minted = spend_tokens.mint(NewSpendToken(limit_micro_usd=5), owner=bob.owner)
    assert quoted(room.bob, room, minted.text)["payer"] == {"tenant_id": bob.tenant.pk, "balance_micro_usd": None}


def test_the_owner_is_its_own_payer(room: MadeRoom) -> None:
    assert quoted(room.owner.client, room)["payer"]["tenant_id"] == room.owner.tenant.pk


def test_a_model_without_a_price_is_named(room: MadeRoom) -> None:
    body = quoted(room.bob, room, query_model="other")
    assert body["missing_prices"] == ["openrouter/other"]
    assert body["stages"][1]["prompt_micro_usd_per_mtok"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"max_tokens": 0}, 422),
        ({"max_tokens": 1e400}, 400),
        ({"max_tokens": "NaN"}, 422),
        ({"provider": "tinfoil"}, 400),
        ({"mediator_agent_id": "0" * 12}, 400),
        ({"no_such_field": 1}, 422),
    ],
)
def test_what_an_ask_is_refused_for_its_quote_is_too(room: MadeRoom, body: dict[str, Any], status: int) -> None:
    assert quoted(room.bob, room, **body)["status"] == status


def test_strangers_and_bad_payers_get_no_quote(room: MadeRoom, carol: Person) -> None:
    assert quoted(carol.client, room)["status"] == 404
    assert quoted(client("hmq_" + "x" * 43), room)["status"] == 401
    assert quoted(room.bob, room, "hmp_" + "x" * 43)["status"] == 401


def test_a_bound_on_the_cost_holds_at_the_ask(room: MadeRoom, bob: Person, worker: WorkerIdentity) -> None:
    ledger.grant(bob.tenant.pk, Grant(10**6), actor=OLGA)
    by = room.bob
    by.defaults["HTTP_X_HIVEMIND_API_KEY"] = bob.api_key
    ask = {"query": "x", "max_tokens": 200_000}
    refused = post(by, f"{room.url}/runs", {**ask, "max_cost_micro_usd": 399_999})
    assert (refused.status_code, refused.json()["code"]) == (402, "max_cost_exceeded")
    assert post(by, f"{room.url}/runs", {**ask, "max_cost_micro_usd": 400_000}).status_code == 200
    too_little = post(by, f"{room.url}/runs", {**ask, "max_tokens": 10**6})
    assert (too_little.status_code, too_little.json()["code"]) == (402, "insufficient_credit")
    assert "insufficient billing credit" in too_little.json()["detail"]


def test_a_share_holder_with_a_spend_token_sees_the_runs_that_it_paid_for(
    room: MadeRoom, bob: Person, worker: WorkerIdentity
) -> None:
    ledger.grant(bob.tenant.pk, Grant(10**7), actor=OLGA)
    holder = client(room.share())

    def asked(payer: str) -> str:
        holder.defaults["HTTP_X_HIVEMIND_API_KEY"] = payer
        return str(post(holder, f"{room.url}/runs", {"query": "x", "max_tokens": 1000}).json()["run_id"])

    def seen(payer: str) -> set[str]:
        return {run["run_id"] for run in holder.get("/v1/runs", headers={"X-Hivemind-Api-Key": payer}).json()}

    tokens = [spend_tokens.mint(NewSpendToken(limit_micro_usd=10**6), owner=bob.owner).text for _ in range(2)]
    first, second, third = asked(tokens[0]), asked(tokens[1]), asked(bob.api_key)
    assert seen(tokens[0]) == {first}
    assert seen(tokens[1]) == {second}
    assert seen(bob.api_key) == {first, second, third}
