"""What the database refuses, whoever asks: an attack on each trigger and constraint, which succeeds without it."""

import os
import re

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from billing.models import Account, Entry
from billing.services import book_rules, checks, ledger
from hivemind.kit import clock
from tests.billing.attacks import CONSTRAINTS, ENTRY, MOVEMENTS, TRIGGERS, Attack
from tests.billing.conftest import OLGA
from tests.billing.full_books import BOB, STANDING, Books

pytestmark = pytest.mark.django_db
# Tables whose emptying empties others, whose own guards would say no first.
EMPTIED = [f"{table}_is_not_emptied" for table in book_rules.TABLES]


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def commit(*statements: str) -> None:
    """Carry the statements out and check what would be checked when they are committed."""
    with transaction.atomic():
        execute("SET CONSTRAINTS ALL DEFERRED", *statements, "SET CONSTRAINTS ALL IMMEDIATE")


def remove(*guards: str) -> None:
    """Take guards away, as the owner of the tables can, until the test is rolled back."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    for guard in guards:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [guard])
            if found := cursor.fetchone():
                cursor.execute(f"DROP TRIGGER {guard} ON {found[0]}")
                continue
            cursor.execute("SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = %s", [guard])
            found = cursor.fetchone()
            cursor.execute(f"ALTER TABLE {found[0]} DROP CONSTRAINT {guard}" if found else f"DROP INDEX {guard}")


def named(attack: Attack) -> str:
    return attack.guard


@pytest.mark.parametrize("attack", TRIGGERS + CONSTRAINTS, ids=named)
def test_an_attack_is_refused_by_this_guard_and_by_none_besides(books: Books, attack: Attack) -> None:
    remove(*attack.without)
    with pytest.raises(DatabaseError):
        commit(*attack.sql(books))
    remove(attack.guard)
    commit(*attack.sql(books))


@pytest.mark.parametrize(("words", "statements"), MOVEMENTS)
def test_a_movement_that_the_books_do_not_cover_is_refused(
    books: Books, words: str, statements: tuple[str, ...]
) -> None:
    with pytest.raises(IntegrityError, match=words):
        commit(*statements)
    assert checks.check() == []


def test_the_database_says_that_the_balance_covers_exactly_what_it_covers(books: Books) -> None:
    ledger.debit(BOB, books.bob.balance_micro_usd, actor=OLGA, note="everything")
    with pytest.raises(IntegrityError, match="does not cover"), transaction.atomic():
        a_debit(-1).save()


def test_each_trigger_and_each_constraint_is_attacked() -> None:
    assert {attack.guard for attack in TRIGGERS} | set(EMPTIED) == set(book_rules.TRIGGERS)
    constraints = {
        constraint.name
        for model in apps.get_app_config("billing").get_models()
        if model._meta.db_table.removeprefix("billing_") in book_rules.TABLES
        for constraint in model._meta.constraints
    }
    assert {attack.guard for attack in CONSTRAINTS} == constraints


@pytest.mark.parametrize("table", book_rules.TABLES)
def test_the_books_are_not_emptied(books: Books, table: str) -> None:
    mine = f"{table}_is_not_emptied"
    remove(*(guard for guard in EMPTIED if guard != mine))
    execute("SET LOCAL hivemind.may_empty_the_books = off")
    with pytest.raises(DatabaseError, match="books are kept"):
        commit(f"TRUNCATE billing_{table} CASCADE")
    remove(mine)
    commit(f"TRUNCATE billing_{table} CASCADE")


def test_a_copy_moves_the_account_like_any_insert(books: Books) -> None:
    assert connection.connection is not None
    columns = ENTRY.partition("(")[2].partition(")")[0]
    with connection.cursor() as cursor, cursor.copy(f"COPY billing_entry ({columns}) FROM STDIN") as copy:
        for letter in "abc":
            copy.write_row(["ble_" + letter * 24, BOB, 99, "grant", 5, 99, "", "x", "", "{}", False, clock.now()])
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    account = Account.objects.get(pk=BOB)
    assert account.balance_micro_usd == books.bob.balance_micro_usd + 15
    assert checks.check() == []


def test_many_rows_at_once_are_numbered_and_balanced_one_by_one(books: Books) -> None:
    before = Account.objects.get(pk=BOB).entry_count
    commit(
        ENTRY.removesuffix(" VALUES ")
        + f" SELECT 'ble_' || lpad(n::text, 24, '0'), '{BOB}', 0, 'grant', n, 0, '', 'x', '', '{{}}', FALSE, now()"
        " FROM generate_series(1, 200) n"
    )
    assert Account.objects.get(pk=BOB).entry_count == before + 200
    assert checks.check() == []


def test_the_figures_that_an_entry_claims_for_itself_are_not_believed(books: Books) -> None:
    entry = a_debit(-5)
    entry.position, entry.balance_after_micro_usd = 1, 10**9
    entry.save()
    entry.refresh_from_db()
    account = Account.objects.get(pk=BOB)
    assert (entry.position, entry.balance_after_micro_usd) == (account.entry_count, account.balance_micro_usd)


def test_the_service_cannot_play_the_replica_which_fires_no_triggers(books: Books) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (superuser,) = cursor.fetchone()
    if superuser and os.environ.get("HIVEMIND_TEST_DATABASE_URL"):
        pytest.skip("the database server of HIVEMIND_TEST_DATABASE_URL lends its superuser, who may do anything")
    assert not superuser, "the service's role must not be a superuser"
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    for sql in ("SET session_replication_role = replica", "ALTER TABLE billing_entry DISABLE TRIGGER ALL"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            execute(sql)


def test_checks_are_only_put_off_until_the_end(books: Books) -> None:
    with pytest.raises(IntegrityError):
        commit("SET CONSTRAINTS ALL DEFERRED", "SAVEPOINT s", f"UPDATE billing_hold SET resolved_at = now(),"
               f" resolution = 'voided' WHERE run_id = '{STANDING}'", "RELEASE SAVEPOINT s")  # fmt: skip


def test_every_refusal_is_one_that_a_program_can_tell(books: Books) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'billing\\_%'")
        sources = dict(cursor.fetchall())
    assert len(sources) >= 10
    for name, source in sources.items():
        raised = len(re.findall("RAISE EXCEPTION", source))
        assert raised == len(re.findall("USING ERRCODE = '(?:check|restrict|foreign_key)_violation'", source)), name


def a_debit(amount: int) -> Entry:
    return Entry(
        entry_id="ble_" + "d" * 24,
        account_id=BOB,
        kind="debit",
        amount_micro_usd=amount,
        actor="x",
        created_at=clock.now(),
    )
