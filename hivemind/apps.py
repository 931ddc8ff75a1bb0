"""The project itself as an app: it holds the operator's home page."""

from django.apps import AppConfig


class HivemindConfig(AppConfig):
    """App configuration of the composition root."""

    name = "hivemind"
    verbose_name = "Hivemind"
