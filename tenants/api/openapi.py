"""How bearers are described in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """One scheme for owner keys, invites and share links."""

    target_class = "tenants.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """The scheme's definition."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An owner key (hmk_…), an invite (hmq_…) or a share link (hms_…).",
        }
