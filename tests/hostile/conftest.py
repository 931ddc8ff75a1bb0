"""The places that hostile texts are tried at."""

from tests.runner.conftest import place, room_session

__all__ = ["place", "room_session"]
