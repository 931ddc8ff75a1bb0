"""Celery tasks of the toolkit."""

from celery import shared_task

from hivemind.kit.services import sign_ins


@shared_task
def forget_failures() -> None:
    """Forget failed sign-ins that count no more."""
    sign_ins.forget()
