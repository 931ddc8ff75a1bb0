"""Celery tasks of this app: an id in, one service call, nothing out."""

from celery import shared_task

from agents.services import builds, retention


@shared_task
def build_image(build_id: str) -> None:
    """Carry out one build, if it still waits."""
    builds.execute(build_id)


@shared_task
def reap_builds() -> None:
    """Bring every build that missed its end to one."""
    builds.sweep()


@shared_task
def retain_uploads() -> None:
    """Forget packages whose time is over, and images beyond their number."""
    retention.sweep()


@shared_task
def clean_engine() -> None:
    """Remove what builds left on the engine."""
    retention.clean_engine()
