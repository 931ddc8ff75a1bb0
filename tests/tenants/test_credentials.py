"""From a bearer to a principal."""

import pytest

from attestation.tokens import Token
from hivemind.kit.audit import Actor
from hivemind.kit.errors import Unauthenticated
from tenants.credentials import registry
from tenants.principals import RoomGuest
from tenants.services import tenants
from tests.factories.tenants import alice


@pytest.fixture
def prefixes(monkeypatch):
    """A copy of the registry that a test may change."""
    monkeypatch.setattr(registry, "_resolvers", dict(registry._resolvers))


@pytest.mark.parametrize(
    "bearer",
    [
        "",
        "hmk_",
        "hmk_short",
        "HMK_" + "x" * 43,
        "hmx_" + "x" * 43,
        "hmk_" + "ü" * 43,
        "hmk_" + "x" * 43 + "\n",
        "sk-123",
    ],
)
def test_what_is_no_token_of_ours_is_nobody(db, django_assert_num_queries, bearer):
    with django_assert_num_queries(0), pytest.raises(Unauthenticated):
        registry.resolve(bearer)


def test_an_unknown_key_is_nobody(db):
    alice()
    with pytest.raises(Unauthenticated):
        registry.resolve("hmk_" + "x" * 43)


def test_an_owner_is_found_with_one_query(db, django_assert_num_queries):
    person = alice()
    with django_assert_num_queries(1):
        owner = registry.resolve(person.api_key)
        assert owner.tenant.name == "alice" and owner.role == "owner"
    assert owner.actor == Actor(f"owner:{owner.token_id}")


def test_a_credit_code_is_no_bearer(db):
    with pytest.raises(Unauthenticated):
        registry.resolve("hmcc_" + "x" * 43)


def test_a_kind_that_nobody_resolves_is_refused(db, prefixes):
    registry._resolvers.pop("hmq_", None)
    with pytest.raises(Unauthenticated):
        registry.resolve("hmq_" + "x" * 43)


def test_a_resolver_that_forgets_suspension_is_overruled(db, prefixes):
    tenant = alice().tenant

    def careless(token: Token) -> RoomGuest:
        tenant.refresh_from_db()
        return RoomGuest(tenant, "room_0123456789ab", token.token_id, "query", {}, token)

    registry.register("hmq_", careless)
    assert registry.resolve("hmq_" + "x" * 43).role == "query"
    tenants.suspend(tenant.id, actor=Actor.system("test"))
    with pytest.raises(Unauthenticated):
        registry.resolve("hmq_" + "x" * 43)
