"""What an owner key opens, and that nothing else does."""

import pytest
from django.db import connection

from attestation.tokens import OWNER, new_token, parse_token
from hivemind.kit.errors import TenantSealed
from tenants.models import ApiKey, Tenant, TenantSecret
from tenants.principals import Owner
from tenants.services import seals
from tests.factories.tenants import alice, bob

SIGNING, SOURCE = TenantSecret.Kind.ROOM_SIGNING, TenantSecret.Kind.AGENT_SOURCE


def test_the_root_key_opens_with_the_owners_bearer_and_no_other(db):
    owner = alice().owner
    assert seals.open_root(owner) == seals.open_root(owner)
    stranger = Owner(tenant=owner.tenant, key=owner.key, bearer=parse_token(new_token(OWNER)))
    with pytest.raises(TenantSealed):
        seals.open_root(stranger)


def test_a_wrap_does_not_open_at_another_tenant(db):
    owner, other = alice().owner, bob().owner
    moved = Owner(tenant=other.tenant, key=owner.key, bearer=owner.bearer)
    with pytest.raises(TenantSealed):
        seals.open_root(moved)


@pytest.mark.parametrize("field", ["root_salt", "root_wrapped"])
def test_a_changed_wrap_does_not_open(db, field):
    person = alice()
    key = ApiKey.objects.get()
    stored = bytearray(getattr(key, field))
    stored[0] ^= 1
    ApiKey.objects.update(**{field: bytes(stored)})
    assert seals.is_sealed(person.owner)


def test_a_wrap_of_another_root_key_does_not_open(db):
    person = alice()
    Tenant.objects.update(root_key_id="0" * 12)
    assert seals.is_sealed(person.owner)


def test_secrets_do_not_change_places(db):
    person, other = alice(), bob()
    signing = TenantSecret.objects.get(tenant=person.tenant, kind=SIGNING)
    TenantSecret.objects.filter(tenant=person.tenant, kind=SOURCE).update(sealed=signing.sealed)
    with pytest.raises(TenantSealed):
        seals.open_secret(person.owner, SOURCE)
    TenantSecret.objects.filter(tenant=other.tenant, kind=SIGNING).update(sealed=signing.sealed)
    with pytest.raises(TenantSealed):
        seals.signing_key(other.owner)


def test_a_missing_secret_is_a_sealed_tenant(db):
    person = alice()
    TenantSecret.objects.all().delete()
    with pytest.raises(TenantSealed):
        seals.signing_key(person.owner)


def test_no_key_lies_open_in_the_database(db):
    person = alice()
    owner = person.owner
    secrets = [seals.open_root(owner), seals.open_secret(owner, SIGNING), seals.open_secret(owner, SOURCE)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t::text FROM tenants_tenant t UNION ALL SELECT k::text FROM tenants_apikey k"
            " UNION ALL SELECT s::text FROM tenants_tenantsecret s"
        )
        stored = str(cursor.fetchall())
    for secret in secrets:
        assert secret.hex() not in stored
    assert person.api_key not in stored


def test_a_stored_key_must_be_a_hash(db):
    person = alice()
    with pytest.raises(Exception, match="owner_key_is_hashed"):
        ApiKey.objects.update(token_hash=person.api_key)
