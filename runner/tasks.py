"""Celery tasks of this app: an id in, one service call, nothing out."""

from celery import shared_task

from runner.services import execute, reconcile, retention


@shared_task
def execute_run(run_id: str) -> None:
    """Carry out one run, if it still waits."""
    execute.run(run_id)


@shared_task
def reap() -> None:
    """Bring every row that missed its end to one, and remove containers that belong to nobody."""
    reconcile.sweep()


@shared_task
def retain() -> None:
    """Forget outputs and artifacts whose time is over."""
    retention.sweep()
