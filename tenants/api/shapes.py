"""Wire shapes of this app."""

from typing import Any

from django.conf import settings

from hivemind.kit.conf import conf
from tenants.principals import Owner, Principal

FEATURES = ("client_nonce", "cancel", "share_links", "quotes")


def version() -> str:
    """The version of the service, as clients compare it with their own."""
    return str(settings.SPECTACULAR_SETTINGS["VERSION"])


def healthz() -> dict[str, Any]:
    """Alive, which version, and what it can do beyond the published protocol."""
    return {"status": "ok", "version": version(), "features": list(FEATURES)}


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
