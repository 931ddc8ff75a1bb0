"""App configuration."""

from django.apps import AppConfig


class RunnerConfig(AppConfig):
    """App configuration of the part that carries agreements out."""

    name = "runner"
    verbose_name = "Runs"

    def ready(self) -> None:
        """Stop running work when a right to a room ends or a tenant goes; tell the books about runs."""
        from agents import hooks as of_agents
        from billing import effects
        from billing.services import checks
        from rooms import hooks
        from runner.selectors import agent_use, model_use
        from runner.services import charging_check, stopping
        from tenants import hooks as of_tenants

        hooks.on_revoked(stopping.stop_work)
        of_agents.register_use(agent_use.uses)
        hooks.on_revoked(stopping.forget_files)
        of_tenants.on_suspend(stopping.stop_tenant)
        of_tenants.on_delete(stopping.end_work)
        checks.register(charging_check.problems)
        effects.register(model_use.effect_of, model_use.used_since)
