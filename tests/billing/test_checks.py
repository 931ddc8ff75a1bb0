"""The proof of the books: clean books are clean, and each way of being wrong is found and named."""

import json
import logging
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing import tasks
from billing.models import Account, BooksCheck
from billing.services import book_rules, checks
from billing.services.book_rules import Rule
from hivemind.kit.models import AuditEvent
from tests.billing import full_books
from tests.billing.full_books import BOB, PAID_BY_TOKEN, SETTLED, STANDING, VOIDED, Books, run, unguarded

pytestmark = pytest.mark.django_db
BESIDES = {book_rules.GUARDS.name}  # the triggers were switched off to break the rule


def broken() -> set[str]:
    return {problem.rule for problem in checks.check()} - BESIDES


def test_books_in_which_everything_has_happened_are_clean(books: Books) -> None:
    assert checks.check() == []
    figures = (books.bob.balance_micro_usd, books.bob.held_micro_usd, books.bob.spent_micro_usd)
    assert (*figures, books.bob.credited_micro_usd, books.bob.debited_micro_usd) == (910, 60, 250, 1240, 20)


def test_no_books_are_clean(books: Books) -> None:
    assert checks.check() == []


def test_the_totals_say_what_was_looked_at(books: Books) -> None:
    totals = checks.examine().totals
    assert totals.account_count == Account.objects.count() == 3
    assert totals.entry_count == books.bob.entry_count + 1
    assert (totals.balance_micro_usd, totals.held_micro_usd, totals.spent_micro_usd) == (915, 60, 250)


WRONG: list[tuple[Rule, str]] = [
    (book_rules.FIGURES, f"UPDATE billing_account SET balance_micro_usd = 911, credited_micro_usd = 1241"
     f" WHERE tenant_id = '{BOB}'"),
    (book_rules.FIGURES, f"UPDATE billing_account SET entry_count = entry_count + 1 WHERE tenant_id = '{BOB}'"),
    (book_rules.FIGURES, f"UPDATE billing_account SET held_micro_usd = 59, spent_micro_usd = 251"
     f" WHERE tenant_id = '{BOB}'"),
    (book_rules.FIGURES, "DELETE FROM billing_entry WHERE kind = 'debit'"),
    (book_rules.CHAIN, "DELETE FROM billing_entry WHERE kind = 'debit'"),
    (book_rules.CHAIN, "UPDATE billing_entry SET balance_after_micro_usd = 1 WHERE kind = 'debit'"),
    (book_rules.CHAIN, "UPDATE billing_entry SET position = 1000 WHERE kind = 'debit'"),
    (book_rules.CHAIN, "UPDATE billing_entry SET amount_micro_usd = -21 WHERE kind = 'debit'"),
    (book_rules.SIGNS, "ALTER TABLE billing_entry DROP CONSTRAINT entry_sign_of_kind;"
     "UPDATE billing_entry SET kind = 'refund' WHERE kind = 'debit'"),
    (book_rules.OVERDRAWN, "UPDATE billing_entry SET balance_after_micro_usd = -1 WHERE kind = 'debit'"),
    (book_rules.HOLDS, f"DELETE FROM billing_entry WHERE run_id = '{STANDING}'"),
    (book_rules.HOLDS, f"DELETE FROM billing_entry WHERE run_id = '{VOIDED}' AND kind = 'release'"),
    (book_rules.HOLDS, f"DELETE FROM billing_entry WHERE run_id = '{SETTLED}' AND kind = 'charge'"),
    (book_rules.HOLDS, f"DELETE FROM billing_hold WHERE run_id = '{VOIDED}'"),
    (book_rules.HOLDS, f"UPDATE billing_hold SET amount_micro_usd = 401 WHERE run_id = '{SETTLED}'"),
    (book_rules.HOLDS, f"UPDATE billing_hold SET cost_micro_usd = 199 WHERE run_id = '{SETTLED}'"),
    (book_rules.HOLDS, "UPDATE billing_hold SET resolved_at = NULL, resolution = '', cost_micro_usd = 0"),
    (book_rules.HELD, f"UPDATE billing_hold SET resolved_at = now(), resolution = 'voided'"
     f" WHERE run_id = '{STANDING}'"),
    (book_rules.OVERDUE, f"UPDATE billing_hold SET expires_at = now() - interval '2 hours'"
     f" WHERE run_id = '{STANDING}'"),
    (book_rules.REFUNDS, "UPDATE billing_entry SET amount_micro_usd = 201 WHERE kind = 'refund'"),
    (book_rules.REFUNDS, "UPDATE billing_entry SET amount_micro_usd = 251, run_id = '' WHERE kind = 'refund'"),
    (book_rules.LOTS, "UPDATE billing_creditlot SET amount_micro_usd = 99, remaining_micro_usd = 0"),
    (book_rules.LOTS, "UPDATE billing_creditlot SET account_id = 't_00000000000c'"),
    (book_rules.LOTS, "INSERT INTO billing_creditlot"
     " (entry_id, account_id, amount_micro_usd, remaining_micro_usd, expires_at)"
     " SELECT id, account_id, amount_micro_usd, amount_micro_usd, now()"
     " FROM billing_entry WHERE kind = 'grant' AND id NOT IN (SELECT entry_id FROM billing_creditlot)"),
    (book_rules.TOKENS, "UPDATE billing_spendtoken SET committed_micro_usd = 49"),
    (book_rules.TOKENS, "UPDATE billing_spendtoken SET account_id = 't_00000000000c'"),
    (book_rules.TOKENS, f"UPDATE billing_hold SET cost_micro_usd = 51 WHERE run_id = '{PAID_BY_TOKEN}'"),
    (book_rules.CODES, "UPDATE billing_creditcode SET redeemed_count = 2"),
    (book_rules.CODES, "UPDATE billing_creditcode SET credit_micro_usd = 101"),
    (book_rules.CODES, "UPDATE billing_redemption SET entry_id = NULL"),
    (book_rules.CODES, "DELETE FROM billing_redemption"),
    (book_rules.DAYS, "UPDATE billing_dailyfigure SET run_count = run_count + 1"),
    (book_rules.DAYS, "UPDATE billing_dailyfigure SET day_date = day_date - 1"),
    (book_rules.DAYS, "DELETE FROM billing_dailyfigure"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sql"), WRONG, ids=lambda part: getattr(part, "name", ""))
def test_what_is_wrong_is_found(books: Books, rule: Rule, sql: str) -> None:
    unguarded(*book_rules.TABLES)
    run(sql)
    assert rule.name in broken()


def test_each_rule_has_something_that_breaks_it() -> None:
    assert {rule.name for rule, _ in WRONG} | BESIDES == {rule.name for rule in book_rules.ALL}


def test_a_guard_that_is_switched_off_or_gone_is_found(books: Books) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE billing_entry DISABLE TRIGGER entry_is_immutable")
    run("DROP TRIGGER hold_is_resolved_once ON billing_hold")
    found = {(problem.subject, problem.detail) for problem in checks.check()}
    assert found == {("entry_is_immutable", "switched off"), ("hold_is_resolved_once", "missing")}


def test_the_names_of_the_guards_are_those_of_the_database(books: Books) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
            " WHERE NOT tgisinternal AND c.relname LIKE 'billing\\_%'"
        )
        there = {name for (name,) in cursor.fetchall() if not name.startswith(("pgtrigger", "change_"))}
    assert there == set(book_rules.TRIGGERS)


def test_the_command_tells_what_it_looked_at(books: Books) -> None:
    out = StringIO()
    call_command("billing_check", stdout=out)
    assert "everything agrees" in out.getvalue() and "915" in out.getvalue()


def test_the_command_fails_and_names_what_is_wrong(books: Books) -> None:
    unguarded("spendtoken")
    run("UPDATE billing_spendtoken SET committed_micro_usd = 0")
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("billing_check", "--json", stdout=out)
    assert failed.value.returncode == 1
    told = json.loads(out.getvalue())
    assert told["problem_count"] == len(told["problems"]) > 1
    assert {"subject": books.token.pk, "rule": book_rules.TOKENS.name} in [
        {"subject": p["subject"], "rule": p["rule"]} for p in told["problems"]
    ]


def test_many_problems_are_counted_and_some_are_shown(books: Books) -> None:
    unguarded("account")
    run(
        "INSERT INTO billing_account (tenant_id, name, opened_at, balance_micro_usd, held_micro_usd, spent_micro_usd,"
        " credited_micro_usd, debited_micro_usd, entry_count)"
        " SELECT 't_' || lpad(n::text, 12, '0'), 'x', now(), 5, 0, 0, 5, 0, 0 FROM generate_series(1, 300) n"
    )
    run("ALTER TABLE billing_account ENABLE TRIGGER USER")
    report = checks.examine()
    assert (report.problem_count, len(report.problems)) == (300, checks.MOST_SHOWN)


def test_the_nightly_check_keeps_its_outcome(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    tasks.check_books()
    assert not caplog.records
    unguarded("spendtoken")
    run("UPDATE billing_spendtoken SET committed_micro_usd = 0")
    run("ALTER TABLE billing_spendtoken ENABLE TRIGGER USER")
    with caplog.at_level(logging.ERROR):
        tasks.check_books()
    assert [record.count for record in caplog.records] == [1]
    latest, earlier = BooksCheck.objects.all()
    assert (earlier.problem_count, latest.problem_count) == (0, 1)
    assert latest.problems[0]["subject"] == books.token.pk
    assert AuditEvent.objects.filter(action="books.checked").count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_books_are_looked_at_in_one_snapshot_that_cannot_write() -> None:
    full_books.filled()
    seen: list[tuple[str, str]] = []

    def look() -> list[checks.Problem]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
            seen.extend(cursor.fetchall())
        return [checks.Problem("a rule of another app", "x", "y")]

    checks.register(look)
    try:
        found = checks.check()
    finally:
        checks._registered.remove(look)
    assert seen == [("repeatable read", "on")]
    assert [problem.rule for problem in found] == ["a rule of another app"]
