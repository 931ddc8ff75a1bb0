"""The money of a run on its page and in the list of runs."""

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from runner.admin import money
from runner.enums import BillingStatus, RunStatus
from runner.models import Run
from tests.admin import books, rows
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


@pytest.fixture
def paid(everything: tuple[Person, MadeRoom]) -> Run:
    """A run that was quoted, held for and charged."""
    alice, room = everything
    run = rows.run(
        room.row,
        RunStatus.COMPLETED,
        billing_status=BillingStatus.SETTLED,
        billing_provider="openrouter",
        billing_model="a-model",
        billing_hold_micro_usd=5_000_000,
        billing_cost_micro_usd=2_500_000,
    )
    quoted = {"prompt_micro_usd_per_mtok": 1_000_000, "completion_micro_usd_per_mtok": 2_000_000}
    run.terms["query"] = {**run.terms["query"], **quoted}
    run.save(update_fields=["terms"])
    run.stages.filter(name="query").update(usage={"prompt_tokens": 500_000, "completion_tokens": 1_000_000})
    books.spend(alice.tenant.pk, 2.5, run_id=run.pk)
    return run


def page(client: Client, run: Run) -> str:
    answer = client.get(reverse("admin:runner_run_change", args=[quote(run.pk)]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_run_tells_who_paid_what_was_quoted_and_what_it_cost(olga: Client, paid: Run) -> None:
    text = page(olga, paid)
    assert "$5.000000" in text and "$2.500000" in text and "settled" in text
    assert "$1.00, $2.00" in text and "500,000" in text and "had no price" in text
    assert "charged for a run" in text and "hold given back" in text


def test_what_went_into_simulations_is_a_row_of_its_own_at_the_query_stages_price(olga: Client, paid: Run) -> None:
    rehearsed = {"prompt_tokens": 250_000, "completion_tokens": 125_000}
    whole = {"prompt_tokens": 250_001, "completion_tokens": 125_000}
    paid.stages.filter(name="scope").update(usage={**whole, "simulations": rehearsed})
    text = page(olga, paid)
    assert "simulation" in text and "250,000" in text and "$0.50" in text
    assert "250,001" not in text


def test_the_cost_of_a_run_is_given_back_from_its_page(olga: Client, paid: Run) -> None:
    refund = reverse("admin:billing_account_refund", args=[quote(paid.payer_tenant_id)]) + f"?run={paid.pk}"
    assert refund in page(olga, paid)
    assert olga.get(refund).context["form"].initial["run_id"] == paid.pk
    books.ledger.refund(paid.payer_tenant_id, 2_500_000, actor=books.OLGA, note="slow", run_id=paid.pk)
    assert refund not in page(olga, paid)


def test_who_only_looks_on_sees_the_money_and_no_refund(vera: Client, paid: Run) -> None:
    text = page(vera, paid)
    assert "$2.500000" in text and "?run=" not in text
    user = vera.get("/admin/").wsgi_request.user
    user.user_permissions.remove(*user.user_permissions.filter(content_type__app_label="billing"))
    assert "Paid by" not in page(vera, paid) and "Movements" not in page(vera, paid)


def test_a_run_of_a_tenant_without_an_account_has_a_page(olga: Client, paid: Run) -> None:
    Run.objects.filter(pk=paid.pk).update(payer_tenant_id="t_ffffffffffff")
    assert "Paid by" in page(olga, paid)


def test_the_question_about_billing_is_answered(olga: Client, paid: Run) -> None:
    listed = reverse("admin:runner_run_changelist")
    for status in BillingStatus:
        found = {run.pk for run in olga.get(listed, {"billing": status.value}).context["cl"].result_list}
        assert found == set(Run.objects.filter(billing_status=status).values_list("pk", flat=True))
    assert "$2.50" in olga.get(listed).content.decode()


def test_every_state_of_a_bill_has_words() -> None:
    assert set(money.WORDS) == set(BillingStatus)
