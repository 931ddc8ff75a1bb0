"""The money of a run: what is held when it is asked, what is charged when it ends."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from billing.errors import HoldNotFound, HoldResolved, PriceMissing
from billing.money import charge_micro_usd
from billing.payers import Payer
from billing.services import ledger
from billing.services.ledger import HoldRequest
from hivemind.kit import clock
from hivemind.kit.audit import Actor
from hivemind.kit.conf import conf
from runner.enums import BillingStatus
from runner.errors import MaxCostExceeded
from runner.models import Run, Stage
from runner.services import model_use
from runner.services.quotes import Quote
from runner.terms import RunTerms

RUNS = Actor.system("runs")
# A run ends at its deadline at the latest; a hold that stands an hour longer belongs to nobody.
HOLD_MARGIN = timedelta(hours=1)


@dataclass(frozen=True)
class Cost:
    """What a run's usage comes to. `missing` names used models that had no price, which are not charged."""

    micro_usd: int
    missing: tuple[str, ...] = ()


def agree(quote: Quote, *, max_cost_micro_usd: int | None) -> tuple[int, BillingStatus]:
    """The hold that a run of this quote needs. Raises PriceMissing under enforcement, and MaxCostExceeded."""
    if quote.missing:
        if conf.billing.enforce_credits:
            raise PriceMissing(quote.missing)
        return 0, BillingStatus.PRICING_MISSING
    if max_cost_micro_usd is not None and quote.max_cost_micro_usd > max_cost_micro_usd:
        raise MaxCostExceeded(max_cost_micro_usd=max_cost_micro_usd, quoted_micro_usd=quote.max_cost_micro_usd)
    if not quote.max_cost_micro_usd:
        return 0, BillingStatus.NOT_BILLABLE
    return quote.max_cost_micro_usd, BillingStatus.HELD


def hold(run: Run, terms: RunTerms, payer: Payer, *, actor: Actor) -> None:
    """Set the run's hold aside, in the transaction that stores the run. Raises what the ledger says no with."""
    if not run.billing_hold_micro_usd:
        return
    wanted = HoldRequest(
        run_id=run.pk,
        tenant_id=payer.tenant_id,
        amount_micro_usd=run.billing_hold_micro_usd,
        expires_at=run.deadline_at + HOLD_MARGIN,
        enforce=conf.billing.enforce_credits,
        spend_token_id=payer.spend_token_id,
        details={
            "payer_token_id": payer.token_id,
            "provider": terms.provider,
            "models": run.billing_model.split(","),
            "max_tokens": terms.max_tokens,
            "billable_role": "query",
        },
    )
    ledger.hold(wanted, actor=actor)


def usage_of(run: Run, reported: dict[str, Any]) -> dict[str, Any]:
    """What the run used: as its worker reports it, else as far as its stages had written it down."""
    if reported:
        return reported
    stages = {stage.name: stage.usage for stage in Stage.objects.filter(run_id=run.pk) if stage.usage}
    return {"stages": stages} if stages else {}


def cost_of(terms: RunTerms, usage: dict[str, Any]) -> Cost:
    """The price of what was used: each stage at its own quoted rates, its simulations at those of the query stage,
    each rounded up once."""
    total, missing = 0, []
    for use in model_use.of(terms, usage):
        if not terms.provider or use.prompt_tokens + use.completion_tokens <= 0:
            continue
        if use.agreed.price is None:
            missing.append(f"{terms.provider}/{use.agreed.model}")
        else:
            total += charge_micro_usd(
                prompt_tokens=use.prompt_tokens, completion_tokens=use.completion_tokens, price=use.agreed.price
            )
    return Cost(total, tuple(dict.fromkeys(missing)))


def settle(run: Run, terms: RunTerms, usage: dict[str, Any]) -> dict[str, Any]:
    """Resolve the run's hold with what it used; the values of the run's billing columns.

    Call it in the transaction that ends the run. A hold that somebody else resolved before is told as such.
    """
    cost = cost_of(terms, usage)
    status = BillingStatus.PRICING_MISSING if cost.missing else BillingStatus.SETTLED
    columns: dict[str, Any] = {"billing_cost_micro_usd": 0, "billing_settled_at": clock.now()}
    if run.billing_hold_micro_usd:
        details = {
            "payer_token_id": run.payer_token_id,
            "billable_role": "query",
            "usage": {name: _counts(used) for name, used in usage.get("stages", {}).items()},
            "missing_prices": list(cost.missing),
        }
        try:
            resolved = ledger.settle(run.pk, cost_micro_usd=cost.micro_usd, actor=RUNS, details=details)
            columns["billing_cost_micro_usd"] = resolved.cost_micro_usd
        except (HoldNotFound, HoldResolved):
            status = BillingStatus.BILLING_ERROR
    elif run.billing_status == BillingStatus.PRICING_MISSING:
        status = BillingStatus.PRICING_MISSING
    return columns | {"billing_status": status}


def _counts(used: dict[str, Any]) -> dict[str, Any]:
    kept = ("calls", "prompt_tokens", "completion_tokens", "total_tokens", "provider", "model", "simulations")
    return {name: used[name] for name in kept if name in used}
