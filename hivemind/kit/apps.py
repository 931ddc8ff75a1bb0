"""The toolkit as a Django app: it owns the audit trail and the workers' public keys."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    """App configuration of the toolkit."""

    name = "hivemind.kit"
    label = "kit"
    verbose_name = "Platform"

    def ready(self) -> None:
        """Listen to lockouts."""
        from hivemind.kit.access import lockout  # noqa: F401 - importing it connects the receiver
