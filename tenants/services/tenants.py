"""Tenants come and go: create, suspend, resume, rename, delete."""

from dataclasses import dataclass, field

import psycopg
from django.db import connection, transaction

from attestation.tokens import OWNER, Token, new_token, parse_token
from hivemind.kit import audit, clock, ids
from hivemind.kit.audit import Actor
from tenants import hooks
from tenants.databases import names, provision
from tenants.errors import BlankName, DatabaseRemains, DuplicateName, TenantNotFound
from tenants.models import ApiKey, Tenant
from tenants.services import seals

NAME_CHARS = 200


@dataclass(frozen=True)
class NewTenant:
    """A tenant just made. `api_key` is shown once and kept nowhere."""

    tenant: Tenant
    api_key: str = field(repr=False)


def create(name: str, *, actor: Actor, allow_duplicate_name: bool = False) -> NewTenant:
    """Make a tenant with its own database, owner key and seal.

    Raises BlankName, DuplicateName, ProvisioningFailed; whatever fails, nothing of the tenant remains.
    """
    name = clean_name(name)
    if not allow_duplicate_name:
        check_free(name)
    tenant_id, bearer = ids.tenant_id(), parse_token(new_token(OWNER), strict=True)
    provision.create(tenant_id)
    try:
        with transaction.atomic():
            if not allow_duplicate_name:
                lock_names()
                check_free(name)
            tenant = write(tenant_id, name=name, bearer=bearer)
            audit.record(actor, "tenant.created", tenant_id, tenant_id=tenant_id, name=name)
    except BaseException:
        provision.drop(tenant_id)
        raise
    return NewTenant(tenant, bearer.text)


def suspend(tenant_id: str, *, actor: Actor) -> Tenant:
    """Refuse every credential of the tenant from now on and stop its work. Suspended already is fine."""
    with transaction.atomic():
        tenant = locked(tenant_id)
        if tenant.suspended_at is None:
            tenant.suspended_at = clock.now()
            tenant.save(update_fields=["suspended_at"])
            hooks.stop_work(tenant, actor=actor)
            audit.record(actor, "tenant.suspended", tenant_id, tenant_id=tenant_id)
    return tenant


def resume(tenant_id: str, *, actor: Actor) -> Tenant:
    """Accept the tenant's credentials again."""
    with transaction.atomic():
        tenant = locked(tenant_id)
        if tenant.suspended_at is not None:
            tenant.suspended_at = None
            tenant.save(update_fields=["suspended_at"])
            audit.record(actor, "tenant.resumed", tenant_id, tenant_id=tenant_id)
    return tenant


def rename(tenant_id: str, name: str, *, actor: Actor, allow_duplicate_name: bool = False) -> Tenant:
    """Give the tenant another name; its present one changes nothing.

    Raises BlankName, DuplicateName, TenantNotFound.
    """
    name = clean_name(name)
    with transaction.atomic():
        lock_names()
        tenant = locked(tenant_id)
        if tenant.name == name:
            return tenant
        if not allow_duplicate_name:
            check_free(name, besides=tenant_id)
        before, tenant.name = tenant.name, name
        tenant.save(update_fields=["name"])
        hooks.renamed(tenant, actor=actor)
        audit.record(actor, "tenant.renamed", tenant_id, tenant_id=tenant_id, before=before, after=name)
    return tenant


def delete(tenant_id: str, *, actor: Actor) -> None:
    """Remove the tenant, its database and its roles; its books stay. Raises TenantNotFound, DatabaseRemains.

    The tenant is suspended and its work stopped first. When the database cannot be dropped the
    tenant stays, suspended, so that deleting can be tried again.
    """
    suspend(tenant_id, actor=actor)
    with transaction.atomic():
        tenant = locked(tenant_id)  # also keeps the database's name, and lets one of several deletions find it
        try:
            provision.drop(tenant_id, database=tenant.db_name)
        except psycopg.Error as error:
            raise DatabaseRemains from error
        hooks.clean_up(tenant, actor=actor)
        audit.record(actor, "tenant.deleted", tenant_id, tenant_id=tenant_id, name=tenant.name)
        tenant.delete()


def locked(tenant_id: str) -> Tenant:
    """The tenant's row, locked until the end of the transaction. Raises TenantNotFound."""
    tenant = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant_id).first()
    if tenant is None:
        raise TenantNotFound
    return tenant


def write(tenant_id: str, *, name: str, bearer: Token, database: str = "") -> Tenant:
    """Write the rows of a tenant whose database exists: itself, its owner key, its seal.

    `database` is needed when it is not called as one that is made for the tenant. Call it in a transaction.
    """
    seal = seals.new_seal(tenant_id=tenant_id, bearer=bearer)
    tenant = Tenant.objects.create(
        id=tenant_id,
        name=name,
        db_name=database or names.database(tenant_id),
        db_owner=names.owner_role(tenant_id),
        root_key_id=seal.root_key_id,
        signing_pubkey_b64=seal.signing.public_b64,
        created_at=clock.now(),
    )
    root = seals.wrap_root(seal.root, tenant=tenant, bearer=bearer)
    ApiKey.objects.create(
        tenant=tenant,
        token_hash=bearer.hash,
        token_id=bearer.token_id,
        root_salt=root.salt,
        root_wrapped=root.wrapped,
        created_at=tenant.created_at,
    )
    seals.store_secrets(seal, tenant=tenant)
    hooks.created(tenant)
    return tenant


def clean_name(name: str) -> str:
    """The name as it is kept. Raises BlankName."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARS or "\0" in name or any("\ud800" <= char <= "\udfff" for char in name):
        raise BlankName
    return name


def check_free(name: str, *, besides: str = "") -> None:
    """Raise DuplicateName when a tenant, other than `besides`, has the name in any case."""
    if Tenant.objects.filter(name__iexact=name).exclude(pk=besides).exists():
        raise DuplicateName


def lock_names() -> None:
    """Only one transaction at a time may check and take a name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tenants.names'))")
