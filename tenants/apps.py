"""App configuration."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """App configuration of tenants."""

    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        """Register the owner key's resolver and the security scheme of the OpenAPI document."""
        from attestation.tokens import OWNER
        from tenants.api import openapi  # noqa: F401 - importing it registers the scheme
        from tenants.credentials import owner, registry

        registry.register(OWNER, owner.resolve)
