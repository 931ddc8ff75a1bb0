"""The toolkit as a Django app: it owns the audit trail and the workers' public keys."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    """App configuration of the toolkit."""

    name = "hivemind.kit"
    label = "kit"
    verbose_name = "Platform"
