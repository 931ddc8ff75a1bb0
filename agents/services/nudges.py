"""Messages to workers about builds. A lost one loses nothing: the sweep nudges again."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def build(build_id: str) -> None:
    """Tell the workers that a build waits."""
    try:
        current_app.send_task("agents.tasks.build_image", args=[build_id], queue="builds", ignore_result=True)
    except OperationalError:
        log.exception("the broker did not take a message; the sweep will nudge again")
