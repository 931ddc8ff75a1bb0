"""Celery tasks of this app: one service call each, safe to run twice and at once."""

from celery import shared_task

from billing.services import checks, expiry
from hivemind.kit.audit import Actor


@shared_task
def expire() -> None:
    """End holds and grants whose time is over."""
    expiry.sweep()


@shared_task
def check_books() -> None:
    """Prove the books and keep the outcome."""
    checks.record(checks.examine(), actor=Actor.system("books"))
