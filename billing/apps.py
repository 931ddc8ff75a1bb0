"""App configuration."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """App configuration of billing."""

    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        """Let accounts come and stay with tenants."""
        from billing.services import bookkeeping, spend_tokens
        from tenants import hooks

        hooks.on_create(bookkeeping.open_for)
        hooks.on_rename(bookkeeping.follow_name)
        hooks.on_delete(bookkeeping.close_for)
        hooks.on_revoke_capabilities(spend_tokens.revoke_all)
