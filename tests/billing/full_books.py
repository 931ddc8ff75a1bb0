"""Books in which everything has happened once: Bob's account, with holds of every ending, lots, tokens and codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from billing.models import Account, CreditCode, SpendToken
from billing.services import bookkeeping, credit_codes, ledger, prices
from billing.services.credit_codes import NewCode
from billing.services.ledger import Grant, HoldRequest
from billing.services.prices import NewPrice
from hivemind.kit import clock
from hivemind.kit.audit import Actor

OLGA = Actor.operator("olga")
BOB, CAROL, DORA = "t_00000000000b", "t_00000000000c", "t_closed"
SETTLED, VOIDED, STANDING, PAID_BY_TOKEN = "5e" * 6, "0d" * 6, "5a" * 6, "70" * 6
LATER = timedelta(hours=1)


@dataclass(frozen=True)
class Books:
    """The names of what is in the books."""

    bob: Account
    carol: Account
    token: SpendToken
    code: CreditCode


def hold(tenant_id: str, amount: int, run_id: str, *, token: str = "", enforce: bool = True) -> None:
    wanted = HoldRequest(run_id, tenant_id, amount, clock.now() + LATER, enforce=enforce, spend_token_id=token)
    ledger.hold(wanted, actor=OLGA)


def settle(run_id: str, cost: int) -> None:
    ledger.settle(run_id, cost_micro_usd=cost, actor=OLGA, details={})


def token_of(account: Account, token_id: str, *, limit: int) -> SpendToken:
    now = clock.now()
    return SpendToken.objects.create(
        token_id=token_id,
        token_hash=token_id + "0" * 52,
        account=account,
        limit_micro_usd=limit,
        minted_by="0" * 12,
        created_at=now,
        expires_at=now + LATER,
    )


def filled() -> Books:
    """Bob's balance is 910 after credit of 1240 and a debit of 20; 60 are held, 250 were spent. Carol has 5.

    The account of Dora, who is gone, is closed and empty.
    """
    bookkeeping.open_account(DORA, name="dora", actor=OLGA)
    bookkeeping.close_account(DORA, name="dora", actor=OLGA)
    prices.set_price(NewPrice("openrouter", "vendor/model", 1, 2), actor=OLGA)
    bob = bookkeeping.open_account(BOB, name="bob", actor=OLGA)
    carol = bookkeeping.open_account(CAROL, name="carol", actor=OLGA)
    ledger.grant(BOB, Grant(1_000), actor=OLGA)
    ledger.grant(BOB, Grant(100, expires_at=clock.now() + LATER), actor=OLGA)
    ledger.grant(CAROL, Grant(5), actor=OLGA)
    token = token_of(bob, "7" * 12, limit=500)
    hold(BOB, 400, SETTLED)
    settle(SETTLED, 200)
    hold(BOB, 300, VOIDED)
    ledger.void(VOIDED, actor=OLGA, reason="never ran")
    hold(BOB, 60, STANDING)
    hold(BOB, 70, PAID_BY_TOKEN, token=token.pk)
    settle(PAID_BY_TOKEN, 50)
    ledger.refund(BOB, 40, actor=OLGA, note="bad answer", run_id=SETTLED)
    ledger.debit(BOB, 20, actor=OLGA, note="mistake")
    code = credit_codes.mint(NewCode(100, 2), actor=OLGA)
    credit_codes.redeem(code.text, tenant_id=BOB, actor=OLGA)
    for account in (bob, carol):
        account.refresh_from_db()
    return Books(bob, carol, token, CreditCode.objects.get())


@contextmanager
def undone() -> Iterator[None]:
    """A transaction, or a part of one, of which nothing remains."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def unguarded(*tables: str) -> None:
    """Switch the triggers of these tables off, as their owner can, until the test is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE billing_{table} DISABLE TRIGGER USER")


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
