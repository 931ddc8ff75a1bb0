"""Every tenant has an account, and the books outlive it."""

from billing.services import ledger
from hivemind.kit.audit import Actor
from tenants.models import Tenant

BOOKS = Actor.system("books")


def open_for(tenant: Tenant) -> None:
    """The account of a tenant that is being made."""
    ledger.open_account(tenant.pk, name=tenant.name, actor=BOOKS)


def follow_name(tenant: Tenant, actor: Actor) -> None:
    """The account shows the tenant's new name."""
    ledger.rename_account(tenant.pk, name=tenant.name, actor=actor)


def close_for(tenant: Tenant, actor: Actor) -> None:
    """The account of a tenant that goes."""
    ledger.close_account(tenant.pk, name=tenant.name, actor=actor)
