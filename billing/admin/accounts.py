"""Accounts: what every tenant has, owes and did, and the pages on which an operator moves money."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest

from billing.admin import account_pages, amounts, panels, statement, words
from billing.models import Account, DailyFigure, Entry
from hivemind.kit import clock
from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, Rows, question

WEEK = timedelta(days=7)


def running_dry(rows: Rows) -> Rows:
    """Open accounts that have less than they spent in the last seven days."""
    since = clock.now().date() - WEEK
    lately = DailyFigure.objects.filter(day_date__gt=since).order_by().values("account")
    spent = lately.annotate(spent=Sum("spent_micro_usd")).filter(
        spent__gt=F("account__balance_micro_usd"), account__balance_micro_usd__gte=0
    )
    return rows.filter(closed_at=None, pk__in=spent.values("account"))


def overdrawn(rows: Rows) -> Rows:
    """Accounts below nothing."""
    return rows.filter(balance_micro_usd__lt=0)


@admin.register(Account)
class AccountAdmin(OperatedAdmin):
    """One account per tenant; it outlives the tenant."""

    shown = (
        *("tenant_id", "name", "opened_at", "closed_at", "balance_micro_usd", "held_micro_usd", "spent_micro_usd"),
        *("credited_micro_usd", "debited_micro_usd", "entry_count"),
    )
    list_display = ("account", "state", "balance", "held", "spent", "credited", "last_movement")
    list_filter = (
        question("Overdrawn?", "overdrawn", Answer("yes", "yes", overdrawn)),
        question("Running dry?", "dry", Answer("yes", "has less than it spent in a week", running_dry)),
        question("Has money on hold?", "held", Answer("yes", "yes", lambda rows: rows.filter(held_micro_usd__gt=0))),
        question(
            "Closed?",
            "closed",
            Answer("no", "no", lambda rows: rows.filter(closed_at=None)),
            Answer("yes", "yes", lambda rows: rows.exclude(closed_at=None)),
        ),
    )
    sortable_by = ("balance",)
    search_fields = ("tenant_id__startswith", "name__icontains")
    search_help_text = "Name, or the beginning of a tenant's id"
    paginator = CappedPaginator
    pages = (*account_pages.PAGES, statement.PAGE)
    fieldsets = (
        (None, {"fields": (("name", "identifier"), ("state", "tenant"), ("opened", "closed"))}),
        (
            "Figures, kept by the database from the entries",
            {"fields": (("available", "on_hold"), ("all_spent", "all_credited"), ("all_debited", "entries"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Accounts with the moment of their newest entry, which is the one whose number is their count."""
        newest = Entry.objects.filter(account=OuterRef("pk"), position=OuterRef("entry_count"))
        rows = super().get_queryset(request).annotate(moved_at=Subquery(newest.values("created_at")[:1]))
        return cast(QuerySet[Any], rows)

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel]:
        """Spending, movements, and credit that expires."""
        return panels.of_account(row)

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What was done about it."""
        yield audit_events.latest(request, tenant_id=row.pk)

    @column("Account")
    def account(self, row: Account) -> object:
        """Name and id."""
        return columns.stacked(row.name, row.pk)

    @column("Id")
    def identifier(self, row: Account) -> object:
        """The tenant's id."""
        return columns.code(row.pk)

    @column("Tenant")
    def tenant(self, row: Account) -> object:
        """The tenant's page, while there is a tenant."""
        return columns.row("tenants_tenant", row.pk, row.name) if row.closed_at is None else "was deleted"

    @column("State")
    def state(self, row: Account) -> object:
        """Open, closed or overdrawn."""
        return words.state(row)

    @column("Available", order="balance_micro_usd")
    def balance(self, row: Account) -> object:
        """What can be spent now."""
        return amounts.amount(row.balance_micro_usd)

    @column("On hold")
    def held(self, row: Account) -> object:
        """Set aside for runs that are going."""
        return amounts.amount(row.held_micro_usd)

    @column("Spent")
    def spent(self, row: Account) -> object:
        """Charged for runs, ever."""
        return amounts.amount(row.spent_micro_usd)

    @column("Credited")
    def credited(self, row: Account) -> object:
        """Granted and refunded, ever."""
        return amounts.amount(row.credited_micro_usd)

    @column("Last movement")
    def last_movement(self, row: Any) -> object:
        """When the balance moved last."""
        return columns.moment(row.moved_at)

    @column("Opened")
    def opened(self, row: Account) -> object:
        """When it was opened."""
        return columns.both(row.opened_at)

    @column("Closed")
    def closed(self, row: Account) -> object:
        """When its tenant was deleted."""
        return columns.both(row.closed_at)

    @column("Available")
    def available(self, row: Account) -> object:
        """What can be spent now, to the last digit."""
        return amounts.amount(row.balance_micro_usd, digits=True)

    @column("On hold for runs")
    def on_hold(self, row: Account) -> object:
        """Set aside, to the last digit."""
        return amounts.amount(row.held_micro_usd, digits=True)

    @column("Spent")
    def all_spent(self, row: Account) -> object:
        """Charged, to the last digit."""
        return amounts.amount(row.spent_micro_usd, digits=True)

    @column("Credited")
    def all_credited(self, row: Account) -> object:
        """Granted and refunded, to the last digit."""
        return amounts.amount(row.credited_micro_usd, digits=True)

    @column("Debited and expired")
    def all_debited(self, row: Account) -> object:
        """Taken by operators or by time, to the last digit."""
        return amounts.amount(row.debited_micro_usd, digits=True)

    @column("Entries")
    def entries(self, row: Account) -> object:
        """How many movements there were."""
        statement_of = columns.page_of("billing_account", row.pk, page="statement")
        return columns.link(statement_of, columns.number(row.entry_count))
