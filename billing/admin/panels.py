"""What pages say about an account: its figures, a month of spending, its last movements, its credit that expires."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest

from billing.admin import amounts, words
from billing.models import Account, CreditLot, SpendToken
from billing.selectors import accounts, statement
from hivemind.kit import bearers, clock
from hivemind.kit.admin import added_columns, charts, columns, panels
from hivemind.kit.admin.added_columns import AddedColumn
from hivemind.kit.admin.charts import Chart, Series
from hivemind.kit.admin.panels import Panel
from tenants.models import Tenant

LAST = 10
LOTS = 20
MAY_SEE = "billing.view_account"


def figures(account: Account) -> list[tuple[str, object]]:
    """Available, on hold, spent, credited and debited."""
    named = (
        ("Available", account.balance_micro_usd),
        ("On hold for runs", account.held_micro_usd),
        ("Spent", account.spent_micro_usd),
        ("Credited", account.credited_micro_usd),
        ("Debited and expired", account.debited_micro_usd),
    )
    return [(name, amounts.amount(value, digits=True)) for name, value in named]


def spending(tenant_id: str) -> Chart:
    """What was charged on each of the last thirty days."""
    days = charts.days_until(clock.now().date())
    spent = {row.day_date: row.spent_micro_usd for row in accounts.days_of(tenant_id, days=len(days))}
    values = [spent.get(day, 0) for day in days]
    total = amounts.plain(sum(values))
    return charts.of_days(
        "Spent in the last 30 days", days, [Series("good", "spent", values)], total=total, write=amounts.plain
    )


def movements(account: Account) -> Panel:
    """The newest entries."""
    entries = statement.entries_of(account.pk)[:LAST]
    return Panel(
        "Last movements",
        headers=("When", "What", "Amount", "Balance after", "Run", "Reason"),
        rows=[
            (
                columns.moment(entry.created_at),
                words.kind(entry),
                amounts.amount(entry.amount_micro_usd, signed=True),
                amounts.amount(entry.balance_after_micro_usd),
                words.run(entry.run_id),
                bearers.struck(entry.note) or columns.NOTHING,
            )
            for entry in entries
        ],
        empty="Nothing has moved yet.",
        url=columns.page_of("billing_account", account.pk, page="statement"),
        url_text="the whole statement",
    )


def of_account(account: Account) -> Iterator[Panel]:
    """The panels of an account's own page."""
    yield Panel("", template="hivemind/admin/chart_panel.html", data=spending(account.pk), first=True)
    yield movements(account)
    yield _lots(account)


def _lots(account: Account) -> Panel:
    rows = CreditLot.objects.filter(account=account, remaining_micro_usd__gt=0).order_by("expires_at", "entry_id")
    return Panel(
        "Credit that expires",
        headers=("Expires", "Granted", "Left of it"),
        rows=[
            (
                columns.both(lot.expires_at),
                amounts.amount(lot.amount_micro_usd),
                amounts.amount(lot.remaining_micro_usd),
            )
            for lot in rows[:LOTS]
        ],
        empty="None: all of its credit is good until it is spent.",
    )


def _of_tenant(tenant: Tenant, request: HttpRequest) -> Panel | None:
    if not request.user.has_perm(MAY_SEE):
        return None
    account = Account.objects.filter(pk=tenant.pk).first()
    if account is None:
        return Panel("Account", facts=[("State", "none was opened")])
    return Panel(
        "Account",
        facts=figures(account),
        template="hivemind/admin/chart_panel.html",
        data=spending(account.pk),
        url=columns.page_of("billing_account", account.pk),
        url_text="grant, debit, refund" if request.user.has_perm("billing.change_account") else "the account",
    )


def _movements_of_tenant(tenant: Tenant, request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("billing.view_entry"):
        return None
    account = Account.objects.filter(pk=tenant.pk).first()
    return movements(account) if account is not None else None


def _balances(keys: Any) -> dict[str, object]:
    found = Account.objects.filter(pk__in=keys).values_list("pk", "balance_micro_usd")
    return {key: amounts.amount(balance) for key, balance in found}


def _money_lost(tenant: Tenant) -> str:
    account = Account.objects.filter(pk=tenant.pk).first()
    if account is None or not account.balance_micro_usd:
        return ""
    return (
        f"Its balance of {amounts.exact(account.balance_micro_usd)}: the account is closed. The books are kept, "
        "and refunds and debits stay possible."
    )


def _tokens_lost(tenant: Tenant) -> str:
    count = _living_tokens(tenant)
    return f"{columns.counted(count, 'spend token')}, with which agents and guests pay." if count else ""


def _tokens_frozen(tenant: Tenant) -> str:
    count = _living_tokens(tenant)
    return f"{columns.counted(count, 'spend token')} of it pay for nothing meanwhile." if count else ""


def _living_tokens(tenant: Tenant) -> int:
    return SpendToken.objects.filter(account_id=tenant.pk, revoked_at=None, expires_at__gt=clock.now()).count()


def _money_frozen(tenant: Tenant) -> str:
    account = Account.objects.filter(pk=tenant.pk).first()
    if account is None:
        return ""
    stays = f"Its balance of {amounts.exact(account.balance_micro_usd)} stays and cannot be spent meanwhile."
    held = f" The {amounts.exact(account.held_micro_usd)} on hold is settled as its runs end."
    return stays + held if account.held_micro_usd else stays


panels.add("tenants.tenant", _of_tenant)
panels.add_loss("tenants.suspend", _money_frozen)
panels.add_loss("tenants.suspend", _tokens_frozen)
panels.add("tenants.tenant", _movements_of_tenant)
panels.add_loss("tenants.delete", _money_lost)
panels.add_loss("tenants.delete", _tokens_lost)
panels.add_loss("tenants.reset_key.revoke_capabilities", _tokens_lost)
added_columns.add("tenants.tenant", AddedColumn("balance", "Balance", MAY_SEE, _balances))
