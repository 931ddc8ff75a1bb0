"""The business on the operator's landing page: money that needs somebody, and the last thirty days in charts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count as Total
from django.db.models import F, Min, Q, Sum
from django.http import HttpRequest
from django.urls import reverse

from attestation.server import signer
from billing import effects
from billing.admin import accounts, amounts, codes, price_pages
from billing.effects import Used
from billing.models import Account, BooksCheck, CreditCode
from billing.selectors import accounts as figures
from hivemind.admin_counts import Counts
from hivemind.kit import clock
from hivemind.kit.admin import charts, columns
from hivemind.kit.admin.charts import Chart, Series
from hivemind.kit.admin.remembered import Remembered
from hivemind.kit.admin.tallies import Tallied, Tally, tallied
from rooms.selectors import builds
from runner.selectors import by_day

CHECKED_WITHIN = timedelta(days=2)
USED_WITHIN = timedelta(days=7)
NAMED = 3


@dataclass(frozen=True)
class Need:
    """Something that wants the operator: how badly (`danger` or `warning`), a sentence, and where to look."""

    weight: str
    text: str
    url: str = ""


@dataclass(frozen=True)
class Books:
    """All accounts together: what they have to spend and on hold, what is missing where a balance fell below nothing,
    and what was charged and granted on each of the charts' days.
    """

    available_micro_usd: int
    held_micro_usd: int
    overdrawn_count: int
    overdrawn_micro_usd: int
    days: Sequence[date]
    charged: Sequence[int]
    granted: Sequence[int]


def needs(request: HttpRequest, counted: Counts) -> Iterator[Need]:
    """What money needs somebody, as far as this person may see it."""
    may = request.user.has_perm
    if may("billing.view_bookscheck"):
        yield from _of_checks()
    if may("billing.view_account"):
        yield from _of_accounts()
    if may("billing.view_hold"):
        yield from _of_holds(counted.of("long holds"))
    if may("billing.view_price"):
        yield from _of_prices(may_set=may("billing.add_price"))
    if may("billing.view_creditcode"):
        yield from _of_codes()


def drawn(request: HttpRequest) -> list[Chart]:
    """The charts that this person may see."""
    runs = [runs_by_day()] if request.user.has_perm("runner.view_run") else []
    return [*runs, *(_money_by_day() if request.user.has_perm("billing.view_account") else [])]


def _of_checks() -> Iterator[Need]:
    last = BooksCheck.objects.only("checked_at", "problem_count").first()
    if last is not None and last.problem_count:
        found, when = columns.counted(last.problem_count, "problem"), columns.ago(last.checked_at)
        text = f"The books do not agree: {found}, checked {when}"
        yield Need("danger", text, columns.page_of("billing_bookscheck", str(last.pk)))
    oldest = last.checked_at if last else Account.objects.aggregate(first=Min("opened_at"))["first"]
    if oldest is not None and oldest < clock.now() - CHECKED_WITHIN:
        since = f"since {columns.ago(oldest)}" if last else "yet"
        yield Need("warning", f"The books were not checked {since}", columns.list_of("billing_bookscheck"))


def _of_accounts() -> Iterator[Need]:
    kept = books()
    if kept.overdrawn_count:
        who, missing = columns.counted(kept.overdrawn_count, "account"), amounts.plain(-kept.overdrawn_micro_usd)
        yield Need(
            "danger", f"{who} overdrawn by {missing} together", columns.list_of("billing_account", overdrawn="yes")
        )
    count = soon()["running dry"][""].number
    if count:
        text = f"{columns.counted(count, 'account')} with less than a week's spending left"
        yield Need("warning", text, columns.list_of("billing_account", dry="yes"))


def _of_holds(found: Tallied) -> Iterator[Need]:
    if found.number:
        text = f"{columns.counted(found.number, 'hold')} of {amounts.plain(found.more)} standing for over an hour"
        yield Need("warning", text, columns.list_of("billing_hold", standing="long"))


def _of_prices(*, may_set: bool) -> Iterator[Need]:
    found = unpriced()
    if found:
        names = ", ".join(f"{used.provider}/{used.model}" for used in found[:NAMED])
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        text = f"Used in the last week without a price: {names}{more}"
        url = reverse("admin:billing_price_add") if may_set else columns.list_of("billing_price")
        yield Need("warning", text, url)


def _of_codes() -> Iterator[Need]:
    expiring = soon()["expiring codes"][""]
    if expiring.more:
        which = columns.counted(expiring.number, "credit code")
        text = f"{which} with {amounts.plain(expiring.more)} unused: over within a week"
        yield Need("warning", text, columns.list_of("billing_creditcode", soon="yes"))


def _soon() -> dict[str, Mapping[str, Tallied]]:
    left = F("credit_micro_usd") * (F("max_redemptions") - F("redeemed_count"))
    return tallied(
        [
            Tally("running dry", accounts.running_dry(Account.objects.all())),
            Tally("expiring codes", codes.about_to_expire(CreditCode.objects.all()), Sum(left)),
            Tally("rooms locked out", builds.refusing(signer.compose_hash())),
        ]
    )


def _unpriced() -> list[Used]:
    return price_pages.unpriced(effects.models_used(clock.now() - USED_WITHIN))


def _runs_by_day() -> Chart:
    days = charts.days_until(clock.now().date())
    counted = by_day.since(days[0])
    answered, failed = ([counted.get(day, (0, 0))[which] for day in days] for which in (0, 1))
    series = [Series("bad", "failed", failed), Series("good", "answered", answered)]
    total = columns.number(sum(answered) + sum(failed))
    return charts.of_days("Runs in 30 days", days, series, total=total, write=columns.number)


def _money_by_day() -> list[Chart]:
    kept = books()
    return [
        _money("Charged in 30 days", kept.days, Series("good", "charged", kept.charged)),
        _money("Credit given in 30 days", kept.days, Series("plain", "granted", kept.granted)),
    ]


def _money(title: str, days: Sequence[date], series: Series) -> Chart:
    return charts.of_days(title, days, [series], total=amounts.plain(sum(series.values)), write=amounts.plain)


def _books() -> Books:
    days = charts.days_until(clock.now().date())
    rows: dict[Any, dict[str, int]] = {row["day_date"]: row for row in figures.days_of_all(days=len(days))}
    below = Q(balance_micro_usd__lt=0)
    sums = Account.objects.aggregate(
        available=Sum("balance_micro_usd", filter=Q(balance_micro_usd__gt=0, closed_at=None)),
        held=Sum("held_micro_usd"),
        overdrawn=Total("pk", filter=below),
        missing=Sum("balance_micro_usd", filter=below),
    )
    return Books(
        available_micro_usd=int(sums["available"] or 0),
        held_micro_usd=int(sums["held"] or 0),
        overdrawn_count=sums["overdrawn"],
        overdrawn_micro_usd=int(sums["missing"] or 0),
        days=days,
        charged=[int(rows[day]["spent"]) if day in rows else 0 for day in days],
        granted=[int(rows[day]["credited"]) if day in rows else 0 for day in days],
    )


books = Remembered(_books, seconds=5)
soon = Remembered(_soon)
unpriced = Remembered(_unpriced)
runs_by_day = Remembered(_runs_by_day)
