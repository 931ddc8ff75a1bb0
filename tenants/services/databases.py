"""What an operator does about tenants' databases: call one otherwise, bring roles and grants up to date."""

import logging
from dataclasses import dataclass
from typing import Literal

import psycopg
from django.db import IntegrityError, transaction

from hivemind.kit import audit
from hivemind.kit.audit import Actor
from tenants.databases import names, provision, upkeep
from tenants.errors import DatabaseNameInvalid, DatabaseNameTaken, DatabaseNotFound, DatabaseNotOurs
from tenants.models import Tenant

log = logging.getLogger(__name__)

UNREACHABLE = "the database cannot be entered, or the service may not change it"


@dataclass(frozen=True)
class Upkeep:
    """How one tenant's database was found. `detail` says what stands in the way, empty unless that is an error."""

    tenant_id: str
    database: str
    status: Literal["ok", "repaired", "error"]
    detail: str = ""


def rename(before: str, after: str, *, actor: Actor) -> Tenant:
    """Call a tenant's database otherwise, on the server and in the tenant's row, or in neither.

    Its present name changes nothing. Raises DatabaseNotFound, DatabaseNameInvalid, DatabaseNameTaken, DatabaseInUse,
    or ServerRefused.
    """
    renamed = False
    try:
        with transaction.atomic():
            tenant = _owner_of(before)
            if after == before:
                return tenant
            if not names.may_name_a_database(after, tenant_id=tenant.id):
                raise DatabaseNameInvalid
            tenant.db_name = after
            tenant.save(update_fields=["db_name"])
            audit.record(actor, "tenant.database_renamed", tenant.id, tenant_id=tenant.id, before=before, after=after)
            provision.rename(before, after)
            renamed = True
    except BaseException as error:
        if renamed:
            provision.rename(after, before)
        if isinstance(error, IntegrityError):
            raise DatabaseNameTaken from error
        raise
    return tenant


def repair_all(*, actor: Actor) -> list[Upkeep]:
    """Go through all tenants, suspended ones too, and bring about what must hold of their databases and roles."""
    tenant_ids = list(Tenant.objects.order_by("created_at", "id").values_list("pk", flat=True))
    found = (_repair(tenant_id, actor=actor) for tenant_id in tenant_ids)
    return [upkeep for upkeep in found if upkeep is not None]


@transaction.atomic
def _repair(tenant_id: str, *, actor: Actor) -> Upkeep | None:
    """How the database of one tenant was found; None when the tenant is gone meanwhile."""
    tenant = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant_id).first()
    if tenant is None:
        return None
    try:
        changed = upkeep.repair(tenant.db_name, tenant.id)
    except DatabaseNotOurs as error:
        return Upkeep(tenant.id, tenant.db_name, "error", str(error))
    except psycopg.Error as error:
        log.error("a tenant's database could not be repaired", extra={"tenant_id": tenant.id, "code": error.sqlstate})
        return Upkeep(tenant.id, tenant.db_name, "error", UNREACHABLE)
    if changed:
        audit.record(actor, "tenant.database_repaired", tenant.id, tenant_id=tenant.id)
    return Upkeep(tenant.id, tenant.db_name, "repaired" if changed else "ok")


def _owner_of(database: str) -> Tenant:
    if not names.is_plain(database):
        raise DatabaseNameInvalid
    tenant = Tenant.objects.select_for_update(no_key=True).filter(db_name=database).first()
    if tenant is None:
        raise DatabaseNotFound
    return tenant
