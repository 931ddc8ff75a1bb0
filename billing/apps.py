"""App configuration."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """App configuration of billing."""

    name = "billing"
    verbose_name = "Billing"
