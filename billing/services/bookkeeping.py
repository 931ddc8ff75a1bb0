"""Every tenant has an account, which shows the tenant's name and outlives it."""

from django.db import transaction

from billing.models import Account
from billing.services import ledger
from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor
from tenants.models import Tenant

BOOKS = Actor.system("books")


def open_for(tenant: Tenant) -> None:
    """The account of a tenant that is being made."""
    open_account(tenant.pk, name=tenant.name, actor=BOOKS)


def follow_name(tenant: Tenant, actor: Actor) -> None:
    """The account shows the tenant's new name."""
    rename_account(tenant.pk, name=tenant.name, actor=actor)


def close_for(tenant: Tenant, actor: Actor) -> None:
    """The account of a tenant that goes."""
    close_account(tenant.pk, name=tenant.name, actor=actor)


def open_account(tenant_id: str, *, name: str, actor: Actor) -> Account:
    """The tenant's account, opened if there is none."""
    with transaction.atomic():
        account, is_new = Account.objects.get_or_create(
            tenant_id=tenant_id, defaults={"name": name, "opened_at": clock.now()}
        )
        if is_new:
            audit.record(actor, "account.opened", tenant_id, tenant_id=tenant_id)
    return account


def close_account(tenant_id: str, *, name: str, actor: Actor) -> None:
    """Keep the books of a tenant that goes, under the name it had. No new credit and no new holds from now on."""
    with transaction.atomic():
        account = ledger.locked(tenant_id)
        account.name, account.closed_at = name, account.closed_at or clock.now()
        account.save(update_fields=["name", "closed_at"])
        audit.record(actor, "account.closed", tenant_id, tenant_id=tenant_id, balance=account.balance_micro_usd)


def rename_account(tenant_id: str, *, name: str, actor: Actor) -> None:
    """Show the account under the tenant's new name."""
    with transaction.atomic():
        account = ledger.locked(tenant_id)
        account.name = name
        account.save(update_fields=["name"])
        audit.record(actor, "account.renamed", tenant_id, tenant_id=tenant_id)
