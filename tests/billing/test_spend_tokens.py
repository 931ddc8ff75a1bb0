"""Spend tokens: made within bounds, living until a moment, taken back at once, capped by the books."""

import re
from datetime import timedelta

import pytest

from billing import errors
from billing.models import Account, SpendToken
from billing.origins import origin_of
from billing.selectors import spend_tokens as selectors
from billing.services import ledger, spend_tokens
from billing.services.ledger import Grant, HoldRequest
from billing.services.spend_tokens import LONGEST_SECONDS, Minted, NewSpendToken
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tenants.credentials import registry
from tenants.errors import KeyRetired
from tenants.principals import Owner
from tenants.services import api_keys, tenants
from tests.billing.conftest import OLGA
from tests.billing.racing import race
from tests.factories.tenants import Person, alice, carol

ROOM = "room_5e0c1a9b77d2"


@pytest.fixture
def owner(db: None) -> Person:
    return alice()


def minted(owner: Person, limit: int = 1_000, **wanted) -> Minted:
    return spend_tokens.mint(NewSpendToken(limit, **wanted), owner=owner.owner)


def hold(owner: Person, token: SpendToken, amount: int, *, run_id: str) -> None:
    until = clock.now() + timedelta(hours=1)
    wanted = HoldRequest(run_id, owner.tenant.id, amount, until, enforce=True, spend_token_id=token.pk)
    ledger.hold(wanted, actor=OLGA)


def test_a_token_is_shown_once_and_kept_as_a_hash(owner: Person) -> None:
    made = minted(owner, label="  laptop ")
    assert re.fullmatch(r"hmp_[A-Za-z0-9_-]{43}", made.text)
    assert made.text not in repr(made)
    row = SpendToken.objects.values().get()
    assert made.text not in repr(row)
    assert row["token_id"] == row["token_hash"][:12] and row["label"] == "laptop"
    assert row["minted_by"] == owner.owner.token_id
    assert made.text not in repr(list(AuditEvent.objects.values()))


def test_a_living_token_resolves_to_its_account_in_one_query(owner: Person, django_assert_num_queries) -> None:
    made = minted(owner, room_id=ROOM, service="HTTPS://Hive.Example:443/")
    with django_assert_num_queries(1):
        found = spend_tokens.resolve(made.text)
        assert found is not None and found.account.tenant_id == owner.tenant.id
    assert (found.room_id, found.service) == (ROOM, "https://hive.example")


@pytest.mark.parametrize("text", ["", "hmp_", "hmp_" + "x" * 43, "hmp_" + "x" * 20, "\0", "hmp_" + "é" * 43])
def test_an_unknown_text_resolves_to_nothing(owner: Person, text: str) -> None:
    minted(owner)
    assert spend_tokens.resolve(text) is None


def test_an_owner_key_is_no_spend_token(owner: Person) -> None:
    assert spend_tokens.resolve(owner.api_key) is None


def test_a_token_dies_with_its_time(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    made = minted(owner, expires_in_seconds=60)
    monkeypatch.setattr(clock, "now", lambda: made.token.expires_at - timedelta(microseconds=1))
    assert spend_tokens.resolve(made.text) is not None
    monkeypatch.setattr(clock, "now", lambda: made.token.expires_at)
    assert spend_tokens.resolve(made.text) is None


def test_a_token_is_revoked_once_and_by_its_own_tenant(owner: Person) -> None:
    made = minted(owner)
    with pytest.raises(errors.SpendTokenNotFound):
        spend_tokens.revoke(made.token.pk, tenant_id=carol().tenant.id, actor=OLGA)
    assert spend_tokens.resolve(made.text) is not None
    spend_tokens.revoke(made.token.pk, tenant_id=owner.tenant.id, actor=owner.owner.actor)
    assert spend_tokens.resolve(made.text) is None
    with pytest.raises(errors.SpendTokenNotFound):
        spend_tokens.revoke(made.token.pk, tenant_id=owner.tenant.id, actor=owner.owner.actor)
    assert AuditEvent.objects.filter(action="spend_token.revoked", subject=made.token.pk).count() == 1
    for unknown in ("", "\0", made.text, "000000000000"):
        with pytest.raises(errors.SpendTokenNotFound):
            spend_tokens.revoke(unknown, tenant_id=owner.tenant.id, actor=OLGA)


def test_a_suspended_tenants_tokens_pay_for_nothing(owner: Person) -> None:
    made = minted(owner)
    tenants.suspend(owner.tenant.id, actor=OLGA)
    assert spend_tokens.resolve(made.text) is None
    tenants.resume(owner.tenant.id, actor=OLGA)
    assert spend_tokens.resolve(made.text) is not None


def test_a_key_that_was_replaced_meanwhile_makes_no_token(owner: Person) -> None:
    stale = owner.owner
    api_keys.rotate(stale)
    with pytest.raises(KeyRetired):
        spend_tokens.mint(NewSpendToken(1), owner=stale)
    assert not SpendToken.objects.exists()


def test_a_reset_that_takes_capabilities_back_takes_spend_tokens_too(owner: Person) -> None:
    first, second, others = minted(owner), minted(owner), minted(carol())
    reset = api_keys.reset(owner.tenant.id, actor=OLGA, clear_seal=False, revoke_capabilities=True)
    assert reset.capabilities_revoked == 2
    assert [spend_tokens.resolve(made.text) is None for made in (first, second, others)] == [True, True, False]


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"limit_micro_usd": 0}, errors.BadAmount),
        ({"limit_micro_usd": -1}, errors.BadAmount),
        ({"limit_micro_usd": 10**15 + 1}, errors.BadAmount),
        ({"expires_in_seconds": 0}, errors.BadExpiry),
        ({"expires_in_seconds": LONGEST_SECONDS + 1}, errors.BadExpiry),
        ({"room_id": "room_5E0C1A9B77D2"}, errors.BadSpendTokenPlace),
        ({"room_id": ROOM + "\n"}, errors.BadSpendTokenPlace),
        ({"service": "hive.example"}, errors.BadSpendTokenPlace),
        ({"service": "ftp://hive.example"}, errors.BadSpendTokenPlace),
        ({"service": "https://"}, errors.BadSpendTokenPlace),
        ({"service": "https://user@hive.example"}, errors.BadSpendTokenPlace),
        ({"service": "https://hive.example:99999"}, errors.BadSpendTokenPlace),
        ({"service": "https://" + "x" * 300}, errors.BadSpendTokenPlace),
        ({"service": "https://[::1"}, errors.BadSpendTokenPlace),
        ({"label": "x" * 201}, errors.BadLabel),
        ({"label": "a\0b"}, errors.BadLabel),
        ({"label": "hmk_" + "x" * 43}, errors.BadLabel),
    ],
)
def test_a_token_has_bounds(owner: Person, wanted: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        spend_tokens.mint(NewSpendToken(**{"limit_micro_usd": 1, **wanted}), owner=owner.owner)
    assert not SpendToken.objects.exists()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://hive.example", "https://hive.example"),
        (" HTTP://Hive.example:80/v1/?a#b ", "http://hive.example"),
        ("http://127.0.0.1:8100", "http://127.0.0.1:8100"),
        ("http://[::1]:8100/", "http://[::1]:8100"),
    ],
)
def test_addresses_are_written_in_one_way(written: str, meant: str) -> None:
    assert origin_of(written) == meant


def test_a_token_spends_its_limit_and_gets_back_what_was_not_needed(owner: Person) -> None:
    ledger.grant(owner.tenant.id, Grant(10_000), actor=OLGA)
    token = minted(owner, 1_000).token
    hold(owner, token, 700, run_id="0" * 12)
    with pytest.raises(errors.SpendLimitReached):
        hold(owner, token, 301, run_id="1" * 12)
    ledger.settle("0" * 12, cost_micro_usd=100, actor=OLGA, details={})
    hold(owner, token, 900, run_id="2" * 12)
    token.refresh_from_db()
    assert token.committed_micro_usd == 1_000


def test_a_limit_above_the_balance_does_not_make_money(owner: Person) -> None:
    ledger.grant(owner.tenant.id, Grant(500), actor=OLGA)
    token = minted(owner, 1_000_000).token
    with pytest.raises(errors.InsufficientCredit):
        hold(owner, token, 501, run_id="0" * 12)
    token.refresh_from_db()
    assert token.committed_micro_usd == 0


def test_what_a_revoked_token_holds_is_settled_all_the_same(owner: Person) -> None:
    ledger.grant(owner.tenant.id, Grant(600), actor=OLGA)
    token = minted(owner, 500).token
    hold(owner, token, 500, run_id="0" * 12)
    spend_tokens.revoke(token.pk, tenant_id=owner.tenant.id, actor=OLGA)
    with pytest.raises(errors.BadPayer):
        hold(owner, token, 1, run_id="1" * 12)
    ledger.settle("0" * 12, cost_micro_usd=120, actor=OLGA, details={})
    token.refresh_from_db()
    assert token.committed_micro_usd == 120
    assert Account.objects.get(pk=owner.tenant.id).balance_micro_usd == 480


def test_an_account_sees_all_of_its_tokens_and_nobody_elses(owner: Person) -> None:
    first, second = minted(owner), minted(owner)
    minted(carol())
    spend_tokens.revoke(first.token.pk, tenant_id=owner.tenant.id, actor=OLGA)
    assert [row.pk for row in selectors.of_account(owner.tenant.id)] == [second.token.pk, first.token.pk]


@pytest.mark.django_db(transaction=True)
def test_no_token_outlives_the_reset_of_the_key_that_made_it() -> None:
    alices = alice()
    key, tenant_id = alices.api_key, alices.tenant.id
    for _ in range(20):
        owner = registry.resolve(key)
        assert isinstance(owner, Owner)
        made, reset = race(
            lambda owner=owner: spend_tokens.mint(NewSpendToken(1), owner=owner),
            lambda: api_keys.reset(tenant_id, actor=OLGA, clear_seal=False, revoke_capabilities=True),
        )
        assert isinstance(made, Minted | KeyRetired)
        key = reset.api_key
        assert not selectors.of_account(tenant_id).filter(revoked_at=None).exists()
