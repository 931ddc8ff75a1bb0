"""A signed statement that cannot be true is refused, whoever signed it."""

from typing import Any

import pytest

from attestation.receipts.errors import ReceiptInconsistent
from tests.attestation import paid
from tests.attestation.paid import check, receipt, resigned

HONEST = receipt()


def set_stage(index: int, **values: Any) -> Any:
    return lambda body: body["stages"][index].update(values)


CONTRADICTIONS: dict[str, Any] = {
    "completed with an error": lambda body: body.update(error_hash="0" * 64),
    "completed with a failure's code": lambda body: body.update(outcome="platform_error"),
    "failed with an answer": lambda body: body.update(status="failed", outcome="cancelled", error_hash="0" * 64),
    "failed without a reason": lambda body: body.update(status="failed", outcome="cancelled"),
    "failed, called completed": lambda body: body.update(status="failed"),
    "a status of its own": lambda body: body.update(status="refused"),
    "a digest that is none": lambda body: body.update(prompt_hash="0"),
    "more than the hold": lambda body: body.update(hold_micro_usd=4_000),
    "more than its use": lambda body: body.update(cost_micro_usd=4_252),
    "less than its use": lambda body: body.update(cost_micro_usd=0),
    "a negative cost": lambda body: body.update(cost_micro_usd=-1),
    "a cost that was not charged": lambda body: body.update(billing_status="billing_error"),
    "tokens that were not charged": set_stage(1, prompt_tokens=1_000_000),
    "fewer than no tokens": set_stage(1, prompt_tokens=-1),
    "cheaper tokens": set_stage(1, completion_micro_usd_per_mtok=1_000_000),
    "a stage twice": set_stage(1, name="scope"),
    "a stage that ended before it began": set_stage(0, ended_at_ms=paid.AT * 1000 + 99),
    "stages at the same time": set_stage(1, started_at_ms=paid.AT * 1000 + 599),
    "a stage without a beginning": set_stage(0, started_at_ms=None),
    "a stage after the end": set_stage(2, ended_at_ms=paid.AT * 1000 + 2_018),
    "asked after its end": lambda body: body.update(asked_at_ms=paid.AT * 1000 + 2_018),
    "another second": lambda body: body.update(timestamp=paid.AT + 3),
    "files out of order": lambda body: body["artifacts"].reverse(),
    "a file twice": lambda body: body["artifacts"].append(body["artifacts"][1]),
    "a file without a digest": lambda body: body["artifacts"][0].update(sha256=""),
    "a text for a time": lambda body: body.update(ended_at_ms="now"),
    "row policies that are not named": lambda body: body.update(scope_enforcement=["row_policies"]),
    "row policies that were not in force": lambda body: body.update(row_policies_sha256="1" * 64),
    "row policies without a digest": lambda body: body.update(
        scope_enforcement=["row_policies"], row_policies_sha256="all"
    ),
    "an enforcement that is no list": lambda body: body.update(scope_enforcement="scope_fn"),
    "no run": lambda body: body.update(run_id=""),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_statement_that_contradicts_itself_is_refused_whoever_signed_it(name: str) -> None:
    with pytest.raises(ReceiptInconsistent):
        check(resigned(HONEST, CONTRADICTIONS[name]))


def test_a_model_without_a_price_costs_nothing() -> None:
    def unpriced(body: dict[str, Any]) -> None:
        body["stages"][1]["prompt_micro_usd_per_mtok"] = None
        body.update(cost_micro_usd=1, billing_status="pricing_missing")

    assert check(resigned(HONEST, unpriced)).body["cost_micro_usd"] == 1
