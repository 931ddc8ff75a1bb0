"""Holds: money set aside for runs. One that stands long belongs to a run that nobody ended."""

from datetime import timedelta
from typing import Any

from django.contrib import admin

from billing.admin import amounts, words
from billing.enums import Resolution
from billing.models import Hold
from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.questions import Answer, Rows, question

LONG = timedelta(hours=1)
COLOURS = {Resolution.SETTLED: "success", Resolution.VOIDED: "plain", Resolution.EXPIRED: "warning"}


def standing(rows: Rows) -> Rows:
    """Holds that are not resolved."""
    return rows.filter(resolved_at=None)


def standing_long(rows: Rows) -> Rows:
    """Holds that have stood for more than an hour."""
    return standing(rows).filter(created_at__lt=clock.now() - LONG)


def _ended(resolution: Resolution) -> Answer:
    return Answer(resolution.value, resolution.value, lambda rows: rows.filter(resolution=resolution))


@admin.register(Hold)
class HoldAdmin(ShownAdmin):
    """Holds, newest first. They are resolved by the run's end or by the reaper, never by hand."""

    shown = (
        *("run_id", "account", "account__name", "token", "amount_micro_usd", "created_at", "expires_at"),
        *("resolved_at", "resolution", "cost_micro_usd"),
    )
    list_select_related = ("account",)
    list_display = ("run", "state", "tenant", "held", "cost", "taken", "age", "ends")
    list_filter = (
        question(
            "Standing?",
            "standing",
            Answer("yes", "yes", standing),
            Answer("long", "for more than an hour", standing_long),
            Answer("no", "no", lambda rows: rows.exclude(resolved_at=None)),
        ),
        question("How did it end?", "ended", *(_ended(resolution) for resolution in Resolution)),
    )
    search_fields = ("run_id__startswith", "account__tenant_id__exact")
    search_help_text = "Id of a run, or its beginning, or the id of a tenant"
    paginator = CappedPaginator
    fieldsets = (
        (None, {"fields": (("run_link", "state"), ("tenant", "spend_token"), ("held", "cost"))}),
        ("Times", {"fields": (("taken_exactly", "ends_exactly"), "resolved")}),
    )

    @column("Run")
    def run(self, row: Hold) -> object:
        """The run."""
        return columns.code(row.run_id, characters=12)

    @column("Run")
    def run_link(self, row: Hold) -> object:
        """The run's page."""
        return words.run(row.run_id)

    @column("State")
    def state(self, row: Any) -> object:
        """Standing, or how it ended."""
        if row.resolved_at is not None:
            return columns.badge(COLOURS[Resolution(row.resolution)], row.resolution)
        return columns.badge("danger" if row.created_at < clock.now() - LONG else "going", "standing")

    @column("Account")
    def tenant(self, row: Hold) -> object:
        """Whose money."""
        return words.tenant(row.account_id, row.account.name)

    @column("Held")
    def held(self, row: Hold) -> object:
        """How much."""
        return amounts.amount(row.amount_micro_usd)

    @column("Cost")
    def cost(self, row: Hold) -> object:
        """What was charged in the end."""
        return amounts.amount(row.cost_micro_usd) if row.resolved_at else columns.NOTHING

    @column("Taken")
    def taken(self, row: Hold) -> object:
        """When it was taken."""
        return columns.moment(row.created_at)

    @column("Taken")
    def taken_exactly(self, row: Hold) -> object:
        """When it was taken, to the second."""
        return columns.both(row.created_at)

    @column("Stood for")
    def age(self, row: Hold) -> str:
        """How long it stood, or has been standing."""
        return columns.span((row.resolved_at or clock.now()) - row.created_at)

    @column("Given back by itself")
    def ends(self, row: Hold) -> object:
        """When the reaper gives it back."""
        return columns.moment(row.expires_at) if row.resolved_at is None else columns.NOTHING

    @column("Given back by itself")
    def ends_exactly(self, row: Hold) -> object:
        """When the reaper gives it back at the latest, to the second."""
        return columns.both(row.expires_at)

    @column("Resolved")
    def resolved(self, row: Hold) -> object:
        """When it was resolved."""
        return columns.both(row.resolved_at)

    @column("Spend token")
    def spend_token(self, row: Hold) -> object:
        """The token that paid, empty for an owner."""
        return columns.row("billing_spendtoken", row.token_id or "")
