"""App configuration."""

from django.apps import AppConfig


class RunnerConfig(AppConfig):
    """App configuration of the part that carries agreements out."""

    name = "runner"
    verbose_name = "Runs"

    def ready(self) -> None:
        """Stop running work when a right to a room ends."""
        from rooms import hooks
        from runner.services import stopping

        hooks.on_revoked(stopping.stop_work)
