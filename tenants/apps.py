"""App configuration."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """App configuration of tenants."""

    name = "tenants"
    verbose_name = "Tenants"
