"""Checks of the books: when they were made, and what they found."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing.models import BooksCheck
from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question


@admin.register(BooksCheck)
class BooksCheckAdmin(ShownAdmin):
    """Checks, newest first."""

    shown = ("id", "checked_at", "took_seconds", "account_count", "entry_count", "problem_count", "problems")
    list_display = ("when", "state", "accounts", "entries", "took")
    list_filter = (
        question("Found anything?", "found", Answer("yes", "yes", lambda rows: rows.filter(problem_count__gt=0))),
    )
    paginator = CappedPaginator
    fieldsets = ((None, {"fields": (("exact_time", "state"), ("accounts", "entries"), "took")}),)

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel]:
        """What was found."""
        yield Panel(
            "Problems",
            headers=("With", "Rule", "What is wrong"),
            rows=[_problem(found) for found in row.problems],
            empty="None: every figure agrees with its entries.",
        )

    @column("When")
    def when(self, row: BooksCheck) -> object:
        """How long ago."""
        return columns.moment(row.checked_at)

    @column("When")
    def exact_time(self, row: BooksCheck) -> object:
        """To the second."""
        return columns.both(row.checked_at)

    @column("Found")
    def state(self, row: BooksCheck) -> object:
        """How many problems."""
        if row.problem_count:
            return columns.badge("danger", columns.counted(row.problem_count, "problem"))
        return columns.badge("success", "nothing wrong")

    @column("Accounts")
    def accounts(self, row: BooksCheck) -> str:
        """How many were checked."""
        return columns.number(row.account_count)

    @column("Entries")
    def entries(self, row: BooksCheck) -> str:
        """How many were checked."""
        return columns.number(row.entry_count)

    @column("Took")
    def took(self, row: BooksCheck) -> str:
        """How long it took."""
        return f"{row.took_seconds:.1f} s"


def _problem(found: object) -> tuple[object, str, str]:
    values = found if isinstance(found, Mapping) else {}
    subject, rule, detail = (audit_events.plain(values.get(name, "")) for name in ("subject", "rule", "detail"))
    is_account = subject.startswith("t_")
    return columns.row("billing_account", subject) if is_account else columns.code(subject), rule, detail
