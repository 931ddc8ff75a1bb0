"""App configuration."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    """App configuration of rooms."""

    name = "rooms"
    verbose_name = "Rooms"
