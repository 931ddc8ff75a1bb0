"""The ledger: every movement of every account. Rows are immutable in the database itself."""

import re
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.admin import amounts, words
from billing.enums import EntryKind
from billing.models import Entry
from hivemind.kit import bearers, clock
from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.questions import Answer, question

BY_HAND = (EntryKind.GRANT, EntryKind.REFUND, EntryKind.DEBIT)
# One index each: asked of all three columns at once, the database would read the whole ledger.
SHAPES = ((re.compile(r"ble_[0-9a-f]*"), "entry_id__startswith"), (re.compile(r"t_\w*"), "account_id"))


def _of(kind: EntryKind) -> Answer:
    return Answer(kind.value, words.KINDS[kind][1], lambda rows: rows.filter(kind=kind))


def _within(word: str, text: str, length: timedelta) -> Answer:
    return Answer(word, text, lambda rows: rows.filter(created_at__gte=clock.now() - length))


def found(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """The entries that `term` names: an entry's id or its beginning, a tenant's id, a run's id or its beginning."""
    for shape, lookup in SHAPES:
        if shape.fullmatch(term):
            return rows.filter(**{lookup: term})
    return rows.filter(run_id__startswith=term).exclude(run_id="")


@admin.register(Entry)
class EntryAdmin(ShownAdmin):
    """Movements, newest first."""

    shown = (
        *("id", "entry_id", "account", "account__name", "position", "kind", "amount_micro_usd"),
        *("balance_after_micro_usd", "run_id", "actor", "note", "details", "may_overdraw", "created_at"),
    )
    list_select_related = ("account",)
    list_display = ("entry", "when", "kind_of", "tenant", "moved", "after", "run", "maker", "told")
    list_filter = (
        question("What?", "what", *(_of(kind) for kind in EntryKind)),
        question("By hand?", "hand", Answer("yes", "yes", lambda rows: rows.filter(kind__in=BY_HAND))),
        question(
            "When?",
            "when",
            _within("hour", "last hour", timedelta(hours=1)),
            _within("day", "last day", timedelta(days=1)),
            _within("week", "last week", timedelta(days=7)),
        ),
    )
    search_fields = ("entry_id__startswith", "run_id__startswith", "account__tenant_id__exact")
    search_help_text = "Id of an entry or a run, or its beginning, or the id of a tenant"
    paginator = CappedPaginator
    fieldsets = (
        (None, {"fields": (("identifier", "kind_of"), ("tenant", "number"), ("moved_exactly", "after_exactly"))}),
        ("Why", {"fields": (("run", "maker"), ("told", "exact_time"), "metadata")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Each kind of id in its own column."""
        return (found(queryset, search_term.strip()) if search_term.strip() else queryset), False

    @column("Entry")
    def entry(self, row: Entry) -> object:
        """The id."""
        return columns.code(row.entry_id, characters=12)

    @column("Id")
    def identifier(self, row: Entry) -> object:
        """The whole id."""
        return columns.code(row.entry_id)

    @column("When")
    def when(self, row: Entry) -> object:
        """How long ago."""
        return columns.moment(row.created_at)

    @column("When")
    def exact_time(self, row: Entry) -> object:
        """To the second."""
        return columns.both(row.created_at)

    @column("What")
    def kind_of(self, row: Entry) -> object:
        """What it was."""
        return words.kind(row)

    @column("Account")
    def tenant(self, row: Entry) -> object:
        """Whose money."""
        return words.tenant(row.account_id, row.account.name)

    @column("Number in the account")
    def number(self, row: Entry) -> object:
        """Its place; places have no gaps."""
        return columns.number(row.position)

    @column("Amount")
    def moved(self, row: Entry) -> object:
        """How much moved."""
        return amounts.amount(row.amount_micro_usd, signed=True)

    @column("Balance after")
    def after(self, row: Entry) -> object:
        """The balance that it left."""
        return amounts.amount(row.balance_after_micro_usd)

    @column("Amount")
    def moved_exactly(self, row: Entry) -> object:
        """How much moved, to the last digit."""
        overdrew = ", was allowed to overdraw" if row.may_overdraw else ""
        return f"{amounts.exact(row.amount_micro_usd)}{overdrew}"

    @column("Balance after")
    def after_exactly(self, row: Entry) -> object:
        """The balance that it left, to the last digit."""
        return amounts.amount(row.balance_after_micro_usd, digits=True)

    @column("Run")
    def run(self, row: Entry) -> object:
        """The run that it was for."""
        return words.run(row.run_id)

    @column("By")
    def maker(self, row: Entry) -> str:
        """Who moved it."""
        return words.by(row.actor)

    @column("Reason")
    def told(self, row: Entry) -> object:
        """What the operator wrote."""
        return bearers.struck(row.note) or columns.NOTHING

    @column("Details")
    def metadata(self, row: Entry) -> object:
        """What the statement of the tenant says beside it."""
        return audit_events.in_one_line(row.details)
