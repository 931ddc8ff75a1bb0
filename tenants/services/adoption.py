"""Registering a tenant for a database that is on the server already, and perhaps for a key and an id of old."""

import logging
import re
from dataclasses import dataclass, field

import psycopg
from django.db import connection, transaction

from attestation.errors import TokenError
from attestation.tokens import OWNER, Token, new_token, parse_token
from hivemind.kit import audit, ids
from hivemind.kit.audit import Actor
from tenants.databases import adoption, names
from tenants.errors import (
    DatabaseNameInvalid,
    DatabaseNameTaken,
    OwnerKeyInvalid,
    OwnerKeyTaken,
    TenantIdInvalid,
    TenantIdTaken,
)
from tenants.models import ApiKey, Tenant
from tenants.services import tenants
from tenants.services.tenants import NewTenant

log = logging.getLogger(__name__)

# The role of a tenant carries its digits, and Postgres cuts off longer names of roles.
_TENANT_ID = re.compile(r"t_[0-9a-f]{1,60}")
# Of 43 random characters fewer are different from each other less than once in 10**9 keys.
DIFFERENT_CHARS = 16


@dataclass(frozen=True)
class Registration:
    """What an operator wants registered. An empty `api_key` or `tenant_id` asks for a fresh one."""

    name: str
    database: str
    api_key: str = field(default="", repr=False)
    tenant_id: str = ""
    allow_duplicate_name: bool = False


def register(wanted: Registration, *, actor: Actor) -> NewTenant:
    """Make a tenant of an existing database, which is handed over to the tenant's role whole.

    Whatever fails, the database is left as it was. Raises BlankName, DuplicateName, the errors about the name, id and
    key that are wanted, and DatabaseNotOurs or DatabaseInUse when the database cannot be handed over.
    """
    name, bearer = tenants.clean_name(wanted.name), _bearer(wanted.api_key)
    tenant_id = _tenant_id(wanted.tenant_id)
    if not names.may_name_a_database(wanted.database, tenant_id=tenant_id):
        raise DatabaseNameInvalid
    adopted = False
    try:
        with transaction.atomic():
            _lock_registrations()
            _check_unknown(tenant_id, bearer, wanted.database)
            if not wanted.allow_duplicate_name:
                tenants.lock_names()
                tenants.check_free(name)
            tenant = tenants.write(tenant_id, name=name, bearer=bearer, database=wanted.database)
            audit.record(
                actor, "tenant.registered", tenant_id, tenant_id=tenant_id, name=name, database=wanted.database
            )
            adoption.adopt(wanted.database, tenant_id)
            adopted = True
    except BaseException:
        if adopted:
            _release(wanted.database, tenant_id)
        raise
    return NewTenant(tenant, bearer.text)


def _bearer(text: str) -> Token:
    """The key wanted, or a fresh one."""
    try:
        token = parse_token(text or new_token(OWNER), strict=True)
    except TokenError as error:
        raise OwnerKeyInvalid from error
    if token.prefix != OWNER or len(set(token.text.removeprefix(OWNER))) < DIFFERENT_CHARS:
        raise OwnerKeyInvalid
    return token


def _tenant_id(text: str) -> str:
    if text and _TENANT_ID.fullmatch(text) is None:
        raise TenantIdInvalid
    return text or ids.tenant_id()


def _check_unknown(tenant_id: str, bearer: Token, database: str) -> None:
    if Tenant.objects.filter(pk=tenant_id).exists():
        raise TenantIdTaken
    if Tenant.objects.filter(db_name=database).exists():
        raise DatabaseNameTaken
    if ApiKey.objects.filter(token_hash=bearer.hash).exists():
        raise OwnerKeyTaken


def _lock_registrations() -> None:
    """Only one transaction at a time may look for an id, a key or a database and take it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tenants.registrations'))")


def _release(database: str, tenant_id: str) -> None:
    try:
        adoption.release(database, tenant_id)
    except psycopg.Error as error:  # the first failure is the one to report
        log.error("a database stayed handed over", extra={"tenant_id": tenant_id, "code": error.sqlstate})
