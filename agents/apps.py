"""App configuration."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """App configuration of agents."""

    name = "agents"
    verbose_name = "Agents"
