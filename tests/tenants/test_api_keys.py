"""Replacing owner keys: the old one dies at once, and what it opened stays open to the new one."""

import threading

import pytest
from django.db import connection

from attestation.keys import SigningKey
from hivemind.kit.audit import Actor
from hivemind.kit.errors import TenantSealed, Unauthenticated
from hivemind.kit.models import AuditEvent
from tenants import hooks
from tenants.credentials import registry
from tenants.errors import KeyRetired, NotSealed, TenantNotFound, WrongPreviousKey
from tenants.models import ApiKey, TenantSecret
from tenants.services import api_keys, seals
from tests.factories.tenants import Person, alice, bob

OLGA = Actor.operator("olga")
SOURCE = TenantSecret.Kind.AGENT_SOURCE


def after(person: Person, api_key: str) -> Person:
    return Person(person.tenant, api_key)


def opened(person: Person) -> tuple[bytes, bytes, bytes]:
    owner = person.owner
    return seals.open_root(owner), seals.open_secret(owner, SOURCE), seals.signing_key(owner).seed


def reset(person: Person, *, clear_seal: bool = False, revoke: bool = False) -> api_keys.ResetKey:
    return api_keys.reset(person.tenant.id, actor=OLGA, clear_seal=clear_seal, revoke_capabilities=revoke)


def test_rotation_hands_the_same_keys_to_the_new_bearer(db):
    person = alice()
    before = opened(person)
    new = after(person, api_keys.rotate(person.owner).api_key)
    assert new.api_key != person.api_key and len(new.api_key) == 47
    assert opened(new) == before
    again = after(person, api_keys.rotate(new.owner).api_key)
    assert opened(again) == before


def test_the_old_key_is_dead_at_once(db):
    person = alice()
    owner = person.owner
    api_keys.rotate(owner)
    with pytest.raises(Unauthenticated):
        registry.resolve(person.api_key)
    with pytest.raises(KeyRetired):
        api_keys.rotate(owner)
    assert ApiKey.objects.filter(retired_at=None).count() == 1


def test_a_retired_key_keeps_no_wrap(db):
    person = alice()
    owner = person.owner
    api_keys.rotate(owner)
    retired = ApiKey.objects.get(pk=owner.key.pk)
    assert (bytes(retired.root_salt), bytes(retired.root_wrapped)) == (b"", b"")


def test_rotation_is_on_record_without_the_key(db):
    person = alice()
    new = api_keys.rotate(person.owner)
    event = AuditEvent.objects.get(action="owner_key.rotated")
    assert event.actor == f"owner:{ApiKey.objects.earliest('id').token_id}"
    assert event.details == {"new_token_id": registry.resolve(new.api_key).token_id}
    assert new.api_key not in repr(new)


def test_a_tampered_wrap_is_not_rotated_away(db):
    person = alice()
    owner = person.owner
    ApiKey.objects.filter(pk=owner.key.pk).update(root_wrapped=b"\1" * 108)
    with pytest.raises(TenantSealed):
        api_keys.rotate(owner)
    assert registry.resolve(person.api_key)


@pytest.mark.django_db(transaction=True)
def test_of_racing_rotations_one_wins_and_the_tenant_still_opens():
    person = alice()
    owner, before = person.owner, opened(person)
    start, outcomes = threading.Barrier(4), []

    def race() -> None:
        try:
            start.wait()
            outcomes.append(api_keys.rotate(owner).api_key)
        except KeyRetired:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [key for key in outcomes if key]
    assert len(outcomes) == 4 and len(winners) == 1
    assert opened(after(person, winners[0])) == before
    with pytest.raises(Unauthenticated):
        registry.resolve(person.api_key)


def test_a_reset_seals_the_tenant_and_kills_the_old_key(db):
    person = alice()
    done = reset(person)
    assert (done.clear_seal, done.seal_rows_deleted, done.capabilities_revoked) == (False, 0, 0)
    with pytest.raises(Unauthenticated):
        registry.resolve(person.api_key)
    owner = after(person, done.api_key).owner
    assert seals.is_sealed(owner)
    for opener in (seals.open_root, seals.signing_key):
        with pytest.raises(TenantSealed, match="Tenant is sealed"):
            opener(owner)


def test_the_old_key_opens_a_sealed_tenant_once_more(db):
    person = alice()
    before = opened(person)
    new = after(person, reset(person).api_key)
    api_keys.unseal(new.owner, previous_key=person.api_key)
    assert opened(new) == before
    with pytest.raises(NotSealed):
        api_keys.unseal(new.owner, previous_key=person.api_key)
    assert ApiKey.objects.exclude(root_wrapped=b"").count() == 1


def test_a_sealed_tenant_can_rotate_and_be_opened_later(db):
    person = alice()
    before = opened(person)
    sealed = after(person, reset(person).api_key)
    rotated = after(person, api_keys.rotate(sealed.owner).api_key)
    again = after(person, reset(rotated).api_key)
    assert seals.is_sealed(again.owner)
    api_keys.unseal(again.owner, previous_key=person.api_key)
    assert opened(again) == before


@pytest.mark.parametrize("wrong", ["", "hmk_" + "x" * 43, "not a token", "hmk_\ud800"])
def test_only_an_earlier_key_opens_a_sealed_tenant(db, wrong):
    person = alice()
    new = after(person, reset(person).api_key)
    with pytest.raises(WrongPreviousKey):
        api_keys.unseal(new.owner, previous_key=wrong)


def test_neither_the_present_key_nor_another_tenants_opens_a_sealed_tenant(db):
    person, other = alice(), bob()
    new = after(person, reset(person).api_key)
    reset(other)
    for key in (new.api_key, other.api_key):
        with pytest.raises(WrongPreviousKey):
            api_keys.unseal(new.owner, previous_key=key)


def test_clearing_the_seal_makes_new_keys_and_forgets_the_old(db):
    person = alice()
    before = opened(person)
    old_wraps = ApiKey.objects.get(tenant=person.tenant)
    done = reset(person, clear_seal=True)
    new = after(person, done.api_key)
    assert done.seal_rows_deleted == 2
    assert not set(before) & set(opened(new))
    assert not seals.is_sealed(new.owner)
    new.tenant.refresh_from_db()
    assert SigningKey.from_seed(opened(new)[2]).public_b64 == new.tenant.signing_pubkey_b64
    old_wraps.refresh_from_db()
    assert bytes(old_wraps.root_wrapped) == b""


def test_what_apps_above_revoke_and_clear_is_counted(db, monkeypatch):
    person = alice()
    monkeypatch.setattr(hooks, "_revokers", [lambda tenant, actor: 2, lambda tenant, actor: 1])
    monkeypatch.setattr(hooks, "_clearers", [lambda tenant, actor: 4])
    done = reset(person, clear_seal=True, revoke=True)
    assert (done.capabilities_revoked, done.seal_rows_deleted) == (3, 6)
    assert reset(person).capabilities_revoked == 0


def test_a_reset_that_fails_above_changes_nothing(db, monkeypatch):
    def fail(tenant, actor):
        raise RuntimeError

    person = alice()
    monkeypatch.setattr(hooks, "_revokers", [fail])
    with pytest.raises(RuntimeError):
        reset(person, revoke=True)
    assert not seals.is_sealed(person.owner)


def test_an_unknown_tenant_has_no_key_to_reset(db):
    with pytest.raises(TenantNotFound):
        api_keys.reset("t_000000000000", actor=OLGA, clear_seal=False, revoke_capabilities=False)
