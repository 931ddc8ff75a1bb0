"""The project itself as an app: it holds the operator's home page."""

from django.apps import AppConfig


class HivemindConfig(AppConfig):
    """App configuration of the composition root."""

    name = "hivemind"
    verbose_name = "Hivemind"

    def ready(self) -> None:
        """Make our Celery app the current one, so that the web process sends its messages to our broker."""
        from hivemind import celery

        celery.app.set_current()
        celery.app.set_default()
