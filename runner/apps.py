"""App configuration."""

from django.apps import AppConfig


class RunnerConfig(AppConfig):
    """App configuration of the part that carries agreements out."""

    name = "runner"
    verbose_name = "Runs"
