"""Redemptions that happen at the same time, over real connections: the count is exact and every loser is told why."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from billing import errors
from billing.models import Account, CreditCode, Entry, Redemption
from billing.services import bookkeeping, credit_codes, ledger
from billing.services.credit_codes import NewCode, Redeemed
from billing.services.ledger import Grant
from hivemind.kit import clock
from tests.billing.conftest import OLGA
from tests.billing.racing import race

ROUNDS = 25
WORTH = 1_000
TENANTS = [f"t_0000000000{n:02x}" for n in range(6)]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def accounts() -> None:
    for tenant_id in TENANTS:
        bookkeeping.open_account(tenant_id, name=tenant_id, actor=OLGA)


def minted(uses: int, **wanted: Any) -> credit_codes.Minted:
    return credit_codes.mint(NewCode(WORTH, uses, **wanted), actor=OLGA)


def redeemer(text: str, tenant_id: str) -> Any:
    return lambda: credit_codes.redeem(text, tenant_id=tenant_id, actor=OLGA)


def kinds(outcomes: list[Any]) -> Counter[type]:
    return Counter(type(outcome) for outcome in outcomes)


def check_books(code: CreditCode) -> None:
    """What was counted, recorded and granted is the same."""
    code.refresh_from_db()
    redeemed = Redemption.objects.filter(code=code).select_related("entry")
    assert code.redeemed_count == redeemed.count() <= code.max_redemptions
    assert sum(row.entry.amount_micro_usd for row in redeemed) == WORTH * code.redeemed_count
    assert all(row.entry.details["redemption_id"] == row.pk for row in redeemed)


def test_the_last_use_goes_to_one_of_two_tenants() -> None:
    for _ in range(ROUNDS):
        made = minted(1)
        outcomes = race(redeemer(made.text, TENANTS[0]), redeemer(made.text, TENANTS[1]))
        assert kinds(outcomes) == {Redeemed: 1, errors.CreditCodeExhausted: 1}
        check_books(made.code)


def test_the_same_tenant_twice_at_once_redeems_once_and_is_told_so() -> None:
    for _ in range(ROUNDS):
        made = minted(5)
        outcomes = race(*[redeemer(made.text, TENANTS[0])] * 3)
        assert kinds(outcomes) == {Redeemed: 1, errors.CreditCodeRedeemed: 2}
        check_books(made.code)


def test_a_crowd_gets_as_many_uses_as_there_are() -> None:
    for _ in range(ROUNDS):
        made = minted(4)
        outcomes = race(*(redeemer(made.text, tenant_id) for tenant_id in TENANTS))
        assert kinds(outcomes) == {Redeemed: 4, errors.CreditCodeExhausted: 2}
        check_books(made.code)


def test_a_revocation_lets_a_redemption_happen_before_it_or_not_at_all() -> None:
    for _ in range(ROUNDS):
        made = minted(1)
        redeemed, revoked = race(
            redeemer(made.text, TENANTS[0]), lambda code=made.code: credit_codes.revoke(code.pk, actor=OLGA)
        )
        assert isinstance(revoked, CreditCode)
        assert isinstance(redeemed, Redeemed | errors.CreditCodeRevoked)
        check_books(made.code)
        assert made.code.redeemed_count == isinstance(redeemed, Redeemed)


def test_around_its_end_a_code_is_redeemed_or_expired_and_nothing_else() -> None:
    seen: Counter[type] = Counter()
    for n in range(ROUNDS):
        made = minted(6, expires_at=clock.now() + timedelta(milliseconds=20 + n))
        outcomes = race(*(redeemer(made.text, tenant_id) for tenant_id in TENANTS))
        assert set(kinds(outcomes)) <= {Redeemed, errors.CreditCodeExpired}
        check_books(made.code)
        seen += kinds(outcomes)
    assert sum(seen.values()) == ROUNDS * len(TENANTS)


@pytest.mark.parametrize("reason", ["expired", "revoked", "exhausted"])
def test_who_waited_for_the_code_is_judged_by_what_holds_afterwards(reason: str) -> None:
    end = clock.now() + timedelta(milliseconds=400)
    made = minted(1, expires_at=end if reason == "expired" else None)
    outcome: list[Any] = []
    is_about_to = threading.Event()

    def wait() -> None:
        is_about_to.set()
        outcome.extend(race(redeemer(made.text, TENANTS[1])))

    with transaction.atomic():
        code = CreditCode.objects.select_for_update().get(pk=made.code.pk)
        waiting = threading.Thread(target=wait)
        waiting.start()
        is_about_to.wait(5)
        waiting.join(0.5)
        assert not outcome, "it did not wait for the lock"
        if reason == "revoked":
            credit_codes.revoke(code.pk, actor=OLGA)
        elif reason == "exhausted":
            credit_codes.redeem(made.text, tenant_id=TENANTS[0], actor=OLGA)
    waiting.join(10)
    told = {
        "expired": errors.CreditCodeExpired,
        "revoked": errors.CreditCodeRevoked,
        "exhausted": errors.CreditCodeExhausted,
    }
    assert type(outcome[0]) is told[reason]
    check_books(made.code)


def test_redemptions_and_other_movements_of_one_account_do_not_stop_each_other() -> None:
    tenant_id = TENANTS[0]
    ledger.grant(tenant_id, Grant(10 * WORTH), actor=OLGA)
    for _ in range(ROUNDS):
        first, second = minted(1), minted(1)
        outcomes = race(
            redeemer(first.text, tenant_id),
            redeemer(second.text, tenant_id),
            lambda: ledger.grant(tenant_id, Grant(7), actor=OLGA),
            lambda: ledger.debit(tenant_id, 3, actor=OLGA, note="correction"),
        )
        assert kinds(outcomes) == {Redeemed: 2, Entry: 2}
    account = Account.objects.get(pk=tenant_id)
    assert account.balance_micro_usd == 10 * WORTH + ROUNDS * (2 * WORTH + 7 - 3)
    positions = account.entries.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, account.entry_count + 1))


@pytest.fixture(autouse=True)
def _no_connections_left() -> Any:
    yield
    connections.close_all()
