"""App configuration."""

from django.apps import AppConfig


class RunnerConfig(AppConfig):
    """App configuration of the part that carries agreements out."""

    name = "runner"
    verbose_name = "Runs"

    def ready(self) -> None:
        """Stop running work when a right to a room ends or a tenant goes; check runs together with the books."""
        from billing.services import checks
        from rooms import hooks
        from runner.services import charging_check, stopping
        from tenants import hooks as of_tenants

        hooks.on_revoked(stopping.stop_work)
        of_tenants.on_suspend(stopping.stop_tenant)
        of_tenants.on_delete(stopping.end_work)
        checks.register(charging_check.problems)
