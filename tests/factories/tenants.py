"""The cast: Alice owns, Bob is invited (and owns elsewhere), Carol is nobody's guest.

`alice()` writes rows only, which is enough wherever the tenant's SQL database is not entered. `with_database` does the
same over a real database with its real role; that database is made once per session and emptied before it is lent.
"""

from dataclasses import dataclass, field

from django.db import transaction
from django.test import Client

from attestation.tokens import OWNER, new_token, parse_token
from hivemind.kit import ids
from hivemind.kit.audit import Actor
from tenants.credentials import registry
from tenants.databases import provision, session
from tenants.models import Tenant
from tenants.principals import Owner
from tenants.services import tenants

_ids: dict[str, str] = {}
_provisioned: set[str] = set()


@dataclass(frozen=True)
class Person:
    """A tenant and the owner key that opens it."""

    tenant: Tenant
    api_key: str = field(repr=False)

    @property
    def owner(self) -> Owner:
        """The principal, resolved afresh from the key."""
        principal = registry.resolve(self.api_key)
        assert isinstance(principal, Owner)
        return principal

    @property
    def client(self) -> Client:
        """A test client that presents the owner key."""
        return client(self.api_key)


def client(bearer: str) -> Client:
    """A test client that presents `bearer`."""
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {bearer}"})


def person(name: str) -> Person:
    """A tenant called `name`: always with the same id in one session, so that its database can be kept."""
    tenant_id = _ids.setdefault(name, ids.tenant_id())
    bearer = parse_token(new_token(OWNER), strict=True)
    with transaction.atomic():
        tenant = tenants.write(tenant_id, name=name, bearer=bearer)
    return Person(tenant, bearer.text)


def alice() -> Person:
    """The owner of rooms."""
    return person("alice")


def bob() -> Person:
    """The one who asks; pays with an owner key of his own."""
    return person("bob")


def carol() -> Person:
    """A tenant that has nothing to do with the others."""
    return person("carol")


def delete(someone: Person, *, actor: Actor) -> None:
    """Delete the tenant with its database, which is made anew for the next one of that name."""
    tenants.delete(someone.tenant.pk, actor=actor)
    _provisioned.discard(someone.tenant.pk)


def with_database(someone: Person) -> Person:
    """Give `someone` an empty database of their own."""
    tenant = someone.tenant
    if tenant.id not in _provisioned:
        provision.create(tenant.id)
        _provisioned.add(tenant.id)
    with session.owner_connection(tenant) as connection:
        connection.execute("DROP OWNED BY CURRENT_USER")
    with session.admin_connection(tenant) as connection:
        provision.furnish(connection, tenant.id)
    return someone
