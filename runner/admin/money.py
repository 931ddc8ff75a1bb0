"""What the page of a run tells about its money: payer, price of each stage, hold, cost and movements."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from billing.admin import amounts, words
from billing.models import Account
from billing.money import TokenPrice, charge_micro_usd
from billing.selectors import of_run as money_of_run
from billing.selectors.of_run import RunMoney
from hivemind.kit import bearers
from hivemind.kit.admin import columns
from hivemind.kit.admin.panels import Panel
from runner.enums import BillingStatus
from runner.models import Run, Stage
from runner.services.model_use import SIMULATION

ROLES = ("scope", "query", "mediator")
RATES = ("prompt_micro_usd_per_mtok", "completion_micro_usd_per_mtok")
TOKENS = ("prompt_tokens", "completion_tokens")
WORDS: dict[BillingStatus, tuple[str, str]] = {
    BillingStatus.UNBILLED: ("plain", "not billed"),
    BillingStatus.NOT_BILLABLE: ("plain", "nothing to bill"),
    BillingStatus.HELD: ("going", "held"),
    BillingStatus.PRICING_MISSING: ("warning", "no price"),
    BillingStatus.SETTLED: ("success", "settled"),
    BillingStatus.BILLING_ERROR: ("danger", "not charged"),
}


def told(run: Run, request: HttpRequest) -> Iterator[Panel | None]:
    """The run's money, and its movements."""
    moved = money_of_run.money_of(run.pk)
    yield _money(run, moved, request)
    yield _movements(moved, request)


def _money(run: Run, moved: RunMoney, request: HttpRequest) -> Panel | None:
    """Payer, hold, cost, and each stage at the price that it was quoted; with the way to give the cost back."""
    if not request.user.has_perm("billing.view_account"):
        return None
    may_refund = request.user.has_perm("billing.change_account") and moved.refundable_micro_usd > 0
    refund = columns.page_of("billing_account", run.payer_tenant_id, page="refund")
    payer = Account.objects.filter(pk=run.payer_tenant_id).values_list("name", flat=True).first()
    return Panel(
        "Money",
        facts=[
            ("Paid by", words.tenant(run.payer_tenant_id, payer or "")),
            ("Billing", columns.badge(*WORDS[BillingStatus(run.billing_status)])),
            ("Held", _held(run, moved)),
            ("Cost", amounts.amount(run.billing_cost_micro_usd, digits=True)),
            ("Refunded", amounts.amount(moved.refunded_micro_usd, digits=True)),
            ("Model", f"{run.billing_provider}: {run.billing_model}" if run.billing_provider else "none"),
        ],
        headers=("Stage", "Model", "Quoted for a million prompt, completion", "Prompt", "Completion", "Comes to"),
        rows=[_stage(*stage) for stage in _priced_stages(run)],
        empty="No stage uses a model.",
        url=f"{refund}?{urlencode({'run': run.pk})}" if may_refund else "",
        url_text="refund",
    )


def _movements(moved: RunMoney, request: HttpRequest) -> Panel | None:
    """The entries of the books that name the run."""
    if not request.user.has_perm("billing.view_entry"):
        return None
    if not moved.entries:
        return None
    return Panel(
        "Movements",
        headers=("When", "What", "Amount", "Balance after", "Entry", "Reason"),
        rows=[
            (
                columns.moment(entry.created_at),
                words.kind(entry),
                amounts.amount(entry.amount_micro_usd, signed=True),
                amounts.amount(entry.balance_after_micro_usd),
                columns.row("billing_entry", str(entry.pk), entry.entry_id),
                bearers.struck(entry.note) or columns.NOTHING,
            )
            for entry in moved.entries
        ],
    )


def _held(run: Run, moved: RunMoney) -> object:
    amount = amounts.amount(run.billing_hold_micro_usd, digits=True)
    if moved.hold is None:
        return amount
    state = moved.hold.resolution or f"stands, until {columns.exact(moved.hold.expires_at)}"
    return columns.stacked(amount, columns.row("billing_hold", run.pk, state))


def _priced_stages(run: Run) -> list[tuple[str, dict[str, Any], dict[str, int]]]:
    """Name, model and rates, and tokens of each stage that uses a model; nothing else of terms and usage is read."""
    names = [f"terms__{role}__{name}" for role in ROLES for name in ("model", *RATES)]
    terms = Run.objects.filter(pk=run.pk).values(*names).get()
    stages = [(role, {name: terms[f"terms__{role}__{name}"] for name in ("model", *RATES)}) for role in ROLES]
    quoted = {role: told for role, told in stages if told["model"]}
    used = _used(run)
    priced = [(role, told, used.get(role, dict.fromkeys(TOKENS, 0))) for role, told in quoted.items()]
    if SIMULATION in used and "query" in quoted:
        priced.insert(1, (SIMULATION, quoted["query"], used[SIMULATION]))
    return priced


def _used(run: Run) -> dict[str, dict[str, int]]:
    """Tokens of each stage, and apart from the scope stage's own those of its simulations, if there were any."""
    paths = {name: (f"usage__{name}", f"usage__simulations__{name}") for name in TOKENS}
    used: dict[str, dict[str, int]] = {}
    for row in Stage.objects.filter(run=run).values("name", *(path for pair in paths.values() for path in pair)):
        whole, rehearsed = ({name: row[pair[i]] or 0 for name, pair in paths.items()} for i in (0, 1))
        used[row["name"]] = {name: whole[name] - rehearsed[name] for name in TOKENS}
        if any(rehearsed.values()):
            used[SIMULATION] = rehearsed
    return used


def _stage(role: str, quoted: dict[str, Any], used: dict[str, int]) -> tuple[object, ...]:
    tokens = [columns.number(used[name]) for name in TOKENS]
    prompt, completion = (quoted[name] for name in RATES)
    if prompt is None or completion is None:
        return role, quoted["model"], columns.badge("warning", "had no price"), *tokens, columns.NOTHING
    cost = charge_micro_usd(**used, price=TokenPrice(prompt, completion))
    return role, quoted["model"], f"{amounts.rate(prompt)}, {amounts.rate(completion)}", *tokens, amounts.amount(cost)
