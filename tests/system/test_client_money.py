"""Our client against a whole service: a question through a link is quoted, paid with a spend token and settled."""

import json
from typing import Any

import pytest

from tests.factories.service import Service
from tests.system.asker import Hmctl, bob, priced

__all__ = ["bob", "priced"]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_an_invited_asker_pays_with_a_token_for_this_run(bob: Hmctl, service: Service, priced: dict[str, Any]) -> None:
    service.await_worker()
    link = priced["link"]
    most = json.loads(bob("room", "quote", link, "--json"))["max_cost_micro_usd"]
    assert most == 3_500_000
    bob("room", "accept", link)

    refused = bob("room", "ask", link, "Q", "--max-cost", "3.499999", code=1)
    shown = bob("room", "ask", link, "Q", "--max-cost", "3.50")

    assert "this question may cost $3.500000" in refused
    assert "paying with a spend token for this room and run, at most $3.500000" in shown
    assert "held $3.500000, cost $0.000000" in shown
    tokens = json.loads(bob("spend-tokens", "list", "--json"))
    assert [(row["limit_micro_usd"], row["committed_micro_usd"]) for row in tokens] == [(3_500_000, 0)]
    assert (tokens[0]["room_id"], tokens[0]["service"]) == (priced["room_id"], service.origin)
    balance = json.loads(bob("balance", "--json"))
    assert [entry["kind"] for entry in balance["ledger"]] == ["usage_release", "usage_hold", "credit_grant"]
    assert balance["balance_micro_usd"] == 10_000_000
    run_id = balance["ledger"][0]["run_id"]
    listed = json.loads(bob("admin", "runs", "list", "--billing-status", "settled", "--json"))
    assert run_id in [row["run_id"] for row in listed]
    told = json.loads(bob("admin", "runs", "show", run_id, "--json"))
    assert (told["payer_tenant_id"], told["billing_hold_micro_usd"]) == (balance["tenant_id"], 3_500_000)
    assert "Status:   completed\n" in bob("admin", "runs", "show", run_id)


def test_a_share_link_is_read_with_the_token_that_paid(bob: Hmctl, service: Service, priced: dict[str, Any]) -> None:
    service.await_worker()
    bob("room", "accept", priced["share"])

    run = json.loads(bob("room", "ask", priced["share"], "Q", "--json"))

    assert (run["status"], run["attestation_ok"], run["hold_micro_usd"]) == ("completed", True, 3_500_000)
    again = json.loads(bob("room", "runs", run["run_id"], "--link", priced["share"], "--json"))
    assert again["output"] == run["output"]


def test_a_token_given_away_pays_until_it_is_used_up_or_revoked(
    bob: Hmctl, service: Service, priced: dict[str, Any]
) -> None:
    service.await_worker()
    link = priced["link"]
    bob("room", "accept", link)
    small = json.loads(bob("spend-tokens", "mint", "--limit", "1", "--room", link, "--json"))["token"]
    large = json.loads(bob("spend-tokens", "mint", "--limit", "4", "--room", link, "--json"))

    assert "limit does not cover this run" in bob("room", "ask", link, "Q", "--payer-key", small, code=1)
    assert "mediated: answer" in bob("room", "ask", link, "Q", "--payer-key", "-", text=large["token"] + "\n")
    bob("-y", "spend-tokens", "revoke", large["token_id"])
    assert "401: " in bob("room", "ask", link, "Q", "--payer-key", large["token"], code=1)


def test_the_operator_sees_and_moves_the_money(bob: Hmctl, service: Service) -> None:
    tenant = json.loads(bob("whoami", "--json"))["tenant_id"]

    bob("admin", "billing", "debit", tenant, "4", "--note", "by mistake", "-y")
    assert "409: " in bob("admin", "billing", "debit", tenant, "99", "--note", "too much", "-y", code=3)
    bob("admin", "billing", "grant", tenant, "1", "--expires-in", "1d", "--note", "trial")
    assert json.loads(bob("admin", "billing", "balance", tenant, "--json"))["balance_micro_usd"] == 7_000_000
    bob("admin", "tenants", "rename", tenant, "bob the second", "--allow-duplicate-name")
    assert "bob the second" in bob("admin", "billing", "accounts")
    price = ["--prompt-usd-per-million", "0.25", "--completion-usd-per-million", "2"]
    bob("admin", "billing", "set-price", "openrouter", "m/of bob", *price)
    assert "m/of bob" in bob("admin", "billing", "prices")
    bob("admin", "billing", "delete-price", "openrouter", "m/of bob", "-y")
    assert "m/of bob" not in bob("admin", "billing", "prices")
    assert "withdrawn" in bob("admin", "billing", "prices", "--all")
    bob("--profile", "ops", "init", "--service", service.origin, "--api-key", "-", text=service.admin_key + "\n")
    assert "operator key accepted" in bob("--profile", "ops", "doctor")
    assert "Error:    Connect" in bob("admin", "llm-probe", code=1)
    assert json.loads(bob("admin", "sweep", "--json"))["dry_run"] is True
    bob("admin", "tenants", "delete", tenant, "-y")
    assert "$7.000000" not in bob("admin", "tenants", "list")


def test_doctor_knows_the_account_and_that_of_a_newcomer(bob: Hmctl, service: Service) -> None:
    assert "OK   billing - balance $10.000000, $0.000000 held, $0.000000 spent" in bob("doctor")
    bob("--profile", "new", "signup", "newcomer", "--service", service.origin)
    assert "billing - balance $0.000000, $0.000000 held, $0.000000 spent" in bob("--profile", "new", "doctor")
