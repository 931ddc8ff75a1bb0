"""Credit codes: minted, redeemed once a tenant, revoked; each refusal says its own reason."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from billing import errors
from billing.models import Account, CreditCode, Entry, Redemption
from billing.selectors import codes as selectors
from billing.selectors import statement
from billing.services import bookkeeping, credit_codes
from billing.services.credit_codes import Minted, NewCode
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tests.billing.conftest import OLGA

A, B, C = "t_00000000000a", "t_00000000000b", "t_00000000000c"


@pytest.fixture(autouse=True)
def three(db: None) -> None:
    """Three empty accounts."""
    for tenant_id in (A, B, C):
        bookkeeping.open_account(tenant_id, name=tenant_id[-1], actor=OLGA)


def minted(credit: int = 3_000_000, uses: int = 1, **wanted) -> Minted:
    return credit_codes.mint(NewCode(credit, uses, **wanted), actor=OLGA)


def redeem(text: str, tenant_id: str = A) -> credit_codes.Redeemed:
    return credit_codes.redeem(text, tenant_id=tenant_id, actor=OLGA)


def refused(text: str, tenant_id: str, error: type[Exception]) -> None:
    before = (Entry.objects.count(), Redemption.objects.count(), AuditEvent.objects.count())
    counts = list(CreditCode.objects.values_list("redeemed_count", flat=True))
    with pytest.raises(error):
        redeem(text, tenant_id)
    assert (Entry.objects.count(), Redemption.objects.count(), AuditEvent.objects.count()) == before
    assert list(CreditCode.objects.values_list("redeemed_count", flat=True)) == counts


def test_a_code_is_shown_once_and_kept_as_a_hash() -> None:
    made = minted(label="launch")
    assert re.fullmatch(r"hmcc_[A-Za-z0-9_-]{43}", made.text)
    assert re.fullmatch(r"cc_[0-9a-f]{16}", made.code.pk)
    redeem(made.text)
    assert made.text not in repr(made)
    with connection.cursor() as cursor:
        for table in ("billing_creditcode", "billing_redemption", "billing_entry", "kit_auditevent"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert made.text[5:] not in str(cursor.fetchall())


def test_a_code_with_two_uses_serves_two_tenants_and_no_third() -> None:
    made = minted(uses=2)
    first = redeem(made.text, A)
    assert (first.credit_micro_usd, first.balance_micro_usd) == (3_000_000, 3_000_000)
    refused(made.text, A, errors.CreditCodeRedeemed)
    redeem(made.text, B)
    code = CreditCode.objects.get()
    assert code.redeemed_count == 2 and not selectors.active(code, at=clock.now())
    refused(made.text, C, errors.CreditCodeExhausted)
    balances = Account.objects.order_by("pk").values_list("balance_micro_usd", flat=True)
    assert list(balances) == [3_000_000, 3_000_000, 0]


def test_the_grant_names_the_code_and_the_redemption_names_the_grant() -> None:
    made = minted()
    done = redeem(f"  {made.text}\n")
    entry = Entry.objects.get()
    assert done.redemption.entry == entry
    assert statement.to_wire(entry)["metadata"] == {
        "note": "credit code",
        "actor": "credit_code",
        "code_id": made.code.pk,
        "redemption_id": done.redemption.pk,
    }
    assert re.fullmatch(r"ccr_[0-9a-f]{24}", done.redemption.pk)


def test_every_act_is_in_the_trail() -> None:
    made = minted(uses=2)
    redeem(made.text)
    credit_codes.revoke(made.code.pk, actor=OLGA)
    trail = AuditEvent.objects.filter(subject=made.code.pk).order_by("id").values_list("action", "actor")
    assert list(trail) == [(f"credit_code.{act}", OLGA.name) for act in ("minted", "redeemed", "revoked")]


def test_a_code_worth_nothing_is_used_up_and_moves_nothing() -> None:
    made = minted(0)
    done = redeem(made.text)
    assert (done.credit_micro_usd, done.balance_micro_usd, done.redemption.entry) == (0, 0, None)
    assert not Entry.objects.exists()
    refused(made.text, B, errors.CreditCodeExhausted)


def test_revoking_keeps_what_was_granted_and_happens_once() -> None:
    made = minted(uses=2)
    redeem(made.text)
    credit_codes.revoke(made.code.pk, actor=OLGA)
    refused(made.text, B, errors.CreditCodeRevoked)
    assert Account.objects.get(pk=A).balance_micro_usd == 3_000_000
    for code_id in (made.code.pk, "cc_0000000000000000", "\0", ""):
        with pytest.raises(errors.CreditCodeNotFound):
            credit_codes.revoke(code_id, actor=OLGA)


def test_a_code_expires_at_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    end = clock.now() + timedelta(hours=1)
    made = minted(uses=2, expires_at=end)
    monkeypatch.setattr(clock, "now", lambda: end - timedelta(microseconds=1))
    redeem(made.text, A)
    monkeypatch.setattr(clock, "now", lambda: end)
    refused(made.text, B, errors.CreditCodeExpired)


@pytest.mark.parametrize("text", ["", " ", "hmcc_", "hmcc_" + "x" * 43, "hmk_" + "x" * 43, "\0", "\ud800", "x" * 9999])
def test_what_is_no_code_is_refused_as_such(text: str) -> None:
    minted()
    refused(text, A, errors.CreditCodeInvalid)


def test_reasons_are_told_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    made = minted(expires_at=clock.now() + timedelta(hours=1))
    redeem(made.text, A)
    refused(made.text, A, errors.CreditCodeExhausted)
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    refused(made.text, A, errors.CreditCodeExpired)
    credit_codes.revoke(made.code.pk, actor=OLGA)
    refused(made.text, A, errors.CreditCodeRevoked)
    refused(made.text[:-5], A, errors.CreditCodeInvalid)
    refused(made.text, "t_dddddddddddd", errors.AccountNotFound)


def test_a_closed_account_redeems_nothing() -> None:
    made = minted()
    bookkeeping.close_account(A, name="a", actor=OLGA)
    refused(made.text, A, errors.AccountClosed)


@pytest.mark.parametrize("table", ["billing_redemption", "billing_entry", "kit_auditevent"])
def test_when_any_step_fails_nothing_of_a_redemption_remains(table: str) -> None:
    made = minted()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.fail() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION 'disk full'; END $$"
        )
        cursor.execute(f"CREATE TRIGGER zz BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION pg_temp.fail()")
    refused(made.text, A, Exception)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER zz ON {table}")
    assert redeem(made.text).balance_micro_usd == 3_000_000


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"credit_micro_usd": -1}, errors.BadAmount),
        ({"credit_micro_usd": 10**15 + 1}, errors.BadAmount),
        ({"max_redemptions": 0}, errors.BadUses),
        ({"max_redemptions": -1}, errors.BadUses),
        ({"max_redemptions": 1_000_001}, errors.BadUses),
        ({"label": "x" * 201}, errors.BadLabel),
        ({"label": "for hmcc_" + "x" * 43}, errors.BadLabel),
    ],
)
def test_a_code_has_bounds(wanted: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        credit_codes.mint(NewCode(**{"credit_micro_usd": 1, **wanted}), actor=OLGA)
    assert not CreditCode.objects.exists()


def test_a_code_cannot_have_expired_before_it_is_minted() -> None:
    with pytest.raises(errors.BadExpiry):
        minted(expires_at=clock.now() - timedelta(seconds=1))


def test_revoked_codes_are_listed_when_asked_for() -> None:
    first, second = minted(), minted()
    credit_codes.revoke(first.code.pk, actor=OLGA)
    assert [code.pk for code in selectors.listed(include_revoked=False)] == [second.code.pk]
    assert [code.pk for code in selectors.listed(include_revoked=True)] == [second.code.pk, first.code.pk]
