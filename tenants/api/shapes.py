"""Wire shapes of this app."""

from typing import Any

from django.conf import settings

from hivemind.kit import clock
from hivemind.kit.conf import conf
from tenants.models import Tenant
from tenants.principals import Owner, Principal
from tenants.services.api_keys import ResetKey
from tenants.services.databases import Upkeep
from tenants.services.tenants import NewTenant

FEATURES = ("client_nonce", "cancel", "share_links", "quotes", "spend_tokens", "query_agents")
FRESH_EVIDENCE = "fresh_evidence"


def version() -> str:
    """The version of the service, as clients compare it with their own."""
    return str(settings.SPECTACULAR_SETTINGS["VERSION"])


def healthz() -> dict[str, Any]:
    """Alive, which version, and what it can do beyond the published protocol."""
    features = [*FEATURES, FRESH_EVIDENCE] if conf.evidence.mode else list(FEATURES)
    return {"status": "ok", "version": version(), "features": features}


def health(*, table_count: int) -> dict[str, Any]:
    """The settings that a tenant is affected by."""
    return {
        "status": "ok",
        "table_count": table_count,
        "version": version(),
        "artifact_retention_seconds": conf.retention.artifact_seconds,
        "disabled_llm_providers": conf.llm.disabled_providers,
        "disabled_llm_routes": conf.llm.disabled_routes,
    }


def whoami(principal: Principal, *, sealed: bool) -> dict[str, Any]:
    """Who the caller is. An owner has no token id and no constraints."""
    constraints, token_id = ({}, "") if isinstance(principal, Owner) else (principal.constraints, principal.token_id)
    return {
        "tenant_id": principal.tenant.id,
        "name": principal.tenant.name,
        "role": principal.role,
        "constraints": constraints,
        "token_id": token_id,
        "sealed": sealed,
    }


def tenant(row: Tenant) -> dict[str, Any]:
    """A tenant as the operator sees it."""
    return {
        "id": row.id,
        "name": row.name,
        "db_name": row.db_name,
        "created_at": clock.unix(row.created_at),
        "suspended": row.suspended,
    }


def new_tenant(new: NewTenant) -> dict[str, Any]:
    """A tenant just made, with its owner key."""
    row = new.tenant
    return {"tenant_id": row.id, "api_key": new.api_key, "db_name": row.db_name, "name": row.name}


def reset_key(done: ResetKey) -> dict[str, Any]:
    """What a reset did, with the fresh owner key."""
    row = done.tenant
    return {
        "tenant_id": row.id,
        "name": row.name,
        "db_name": row.db_name,
        "api_key": done.api_key,
        "clear_seal": done.clear_seal,
        "seal_rows_deleted": done.seal_rows_deleted,
        "revoke_capabilities": done.revoke_capabilities,
        "capabilities_revoked": done.capabilities_revoked,
    }


def upkeep(found: Upkeep) -> dict[str, Any]:
    """How a tenant's database was found; `detail` is there only for an error."""
    body = {"tenant_id": found.tenant_id, "database": found.database, "status": found.status}
    return body | {"detail": found.detail} if found.detail else body
