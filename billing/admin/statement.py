"""An account's statement: every movement with the balance after it, by month and kind, on screen and as a file.

The file is written by the standard library's `csv`, piece by piece: django-import-export would hold the whole account
in memory first, and would need a list of columns of its own beside ours.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import urlencode

from billing.admin import amounts, words
from billing.enums import EntryKind
from billing.models import Account, Entry
from billing.selectors.periods import Period, months
from hivemind.kit import bearers, clock
from hivemind.kit.admin import columns, spreadsheets
from hivemind.kit.admin.deeds import OwnPage
from hivemind.kit.admin.operated import OperatedAdmin

ON_A_PAGE = 50
HEADER = ("number", "at", "kind", "amount_usd", "balance_after_usd", "run_id", "reason", "by", "entry_id")


def page(page_of: OperatedAdmin, request: HttpRequest, account: Account) -> HttpResponseBase:
    """The statement, or the whole of the chosen period as a file."""
    period = Period(account.pk, _month(request.GET.get("month", "")), _kind(request.GET.get("kind", "")))
    if request.GET.get("as") == "csv":
        return spreadsheets.answer(_filename(period), HEADER, _cells(period))
    rows = period.entries()
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(position__lt=min(int(before), 2**62))
    found = list(rows[: ON_A_PAGE + 1])
    entries, more = found[:ON_A_PAGE], len(found) > ON_A_PAGE
    return page_of.page(
        request,
        "hivemind/admin/statement.html",
        title="Statement",
        original=account,
        months=[(f"{m:%Y-%m}", f"{m:%B %Y}") for m in months(account.opened_at, clock.now())],
        kinds=[(kind.value, words.KINDS[kind][1]) for kind in EntryKind],
        month=f"{period.month:%Y-%m}" if period.month else "",
        kind=period.kind or "",
        rows=[_line(entry) for entry in entries],
        download=f"?{_asked(period, **{'as': 'csv'})}",
        older=f"?{_asked(period, before=str(entries[-1].position))}" if more else "",
        newest=f"?{_asked(period)}" if before else "",
        balance=amounts.amount(account.balance_micro_usd, digits=True),
        back=columns.page_of("billing_account", account.pk),
    )


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "number": columns.row("billing_entry", str(entry.pk), str(entry.position)),
        "at": f"{entry.created_at:%Y-%m-%d %H:%M}",
        "kind": words.kind(entry),
        "amount": amounts.amount(entry.amount_micro_usd, signed=True, digits=True),
        "balance": amounts.amount(entry.balance_after_micro_usd, digits=True),
        "run": words.run(entry.run_id),
        "note": bearers.struck(entry.note),
        "actor": words.by(entry.actor),
    }


def _cells(period: Period) -> Iterator[list[spreadsheets.Cell]]:
    for entry in period.all_in_order():
        yield [
            entry.position,
            entry.created_at,
            entry.kind,
            amounts.decimal(entry.amount_micro_usd),
            amounts.decimal(entry.balance_after_micro_usd),
            entry.run_id,
            entry.note,
            entry.actor,
            entry.entry_id,
        ]


def _month(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return None


def _kind(text: str) -> EntryKind | None:
    return EntryKind(text) if text in EntryKind.values else None


def _asked(period: Period, **more: str) -> str:
    asked = {"month": f"{period.month:%Y-%m}" if period.month else "", "kind": period.kind or "", **more}
    return urlencode({name: value for name, value in asked.items() if value})


def _filename(period: Period) -> str:
    parts = ["statement", period.tenant_id, f"{period.month:%Y-%m}" if period.month else "", period.kind or ""]
    return "-".join(part for part in parts if part and part.replace("_", "").replace("-", "").isalnum()) + ".csv"


PAGE = OwnPage("statement", "Statement", page, icon="receipt_long", needs="view")
