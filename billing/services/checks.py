"""Proving the books: every rule of `book_rules`, and what other apps add, over one snapshot of the database."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction

from billing.models import BooksCheck
from billing.services import book_rules
from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor

log = logging.getLogger(__name__)
MOST_SHOWN = 100  # of each rule
MOST_RECORDED = 50
TOTALS = """
    SELECT count(*), coalesce(sum(entry_count), 0), coalesce(sum(balance_micro_usd), 0),
        coalesce(sum(held_micro_usd), 0), coalesce(sum(spent_micro_usd), 0), coalesce(sum(credited_micro_usd), 0),
        coalesce(sum(debited_micro_usd), 0)
    FROM billing_account
"""


@dataclass(frozen=True)
class Problem:
    """Something that breaks a rule: which rule, what breaks it, and how."""

    rule: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Totals:
    """What was looked at: the kept figures of all accounts together."""

    account_count: int
    entry_count: int
    balance_micro_usd: int
    held_micro_usd: int
    spent_micro_usd: int
    credited_micro_usd: int
    debited_micro_usd: int


@dataclass(frozen=True)
class Report:
    """One look at all the books. `problems` holds the first of each rule, `problem_count` counts all."""

    totals: Totals
    problems: tuple[Problem, ...]
    problem_count: int
    took_seconds: float


Check = Callable[[], Iterable[Problem]]
_registered: list[Check] = []


def register(check: Check) -> None:
    """Let `check` look too, in the same snapshot and with the default connection. Apps above billing add theirs."""
    if check not in _registered:
        _registered.append(check)


def check() -> list[Problem]:
    """What is wrong with the books: nothing, if all is well."""
    return list(examine().problems)


def examine() -> Report:
    """Look at all the books and change nothing. Writers neither wait for this nor disturb it."""
    started = time.monotonic()
    problems: list[Problem] = []
    count = 0
    with _snapshot():
        totals = Totals(*(int(figure) for figure in _rows(TOTALS)[0]))
        for rule in book_rules.ALL:
            shown, found = _broken(rule)
            problems += shown
            count += found
        for look in _registered:
            more = list(look())
            problems += more[:MOST_SHOWN]
            count += len(more)
    return Report(totals, tuple(problems), count, time.monotonic() - started)


def record(report: Report, *, actor: Actor) -> BooksCheck:
    """Keep what a check found, and log an error when that is anything."""
    with transaction.atomic():
        kept = BooksCheck.objects.create(
            checked_at=clock.now(),
            took_seconds=round(report.took_seconds, 3),
            account_count=report.totals.account_count,
            entry_count=report.totals.entry_count,
            problem_count=report.problem_count,
            problems=[asdict(problem) for problem in report.problems[:MOST_RECORDED]],
        )
        audit.record(actor, "books.checked", str(kept.pk), problem_count=report.problem_count)
    if report.problem_count:
        log.error("the books have problems; look with manage.py billing_check", extra={"count": report.problem_count})
    return kept


def _broken(rule: book_rules.Rule) -> tuple[list[Problem], int]:
    """The first that break a rule, and how many do."""
    rows = _rows(f"SELECT broken.*, count(*) OVER () FROM ({rule.sql}) AS broken LIMIT {MOST_SHOWN}")  # noqa: S608
    return [Problem(rule.name, str(subject), str(detail)) for subject, detail, _ in rows], rows[0][2] if rows else 0


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@contextmanager
def _snapshot() -> Iterator[None]:
    """One snapshot for all that is read inside. Within a transaction of the caller, that transaction's own view."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
