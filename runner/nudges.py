"""Messages to workers, by name and id. A lost or failed message loses nothing: the reaper nudges again."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def run(run_id: str) -> None:
    """Tell the workers that a run waits."""
    try:
        current_app.send_task("runner.tasks.execute_run", args=[run_id], queue="runs", ignore_result=True)
    except OperationalError:
        log.exception("the broker did not take a message; the reaper will nudge again", extra={"run_id": run_id})
