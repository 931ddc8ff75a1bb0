"""Jobs that run by the clock: when each ended last, whether it failed, and whether it should have run by now."""

import inspect
from collections.abc import Iterable

from celery import current_app
from django.contrib import admin

from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.questions import Answer, question
from hivemind.kit.models import ScheduledJob
from hivemind.kit.services import jobs

SHOWN = ("name", "declared_at", "ended_at", "took_ms", "succeeded_at", "failing_since", "failure", "failures")


def all_jobs() -> Iterable[ScheduledJob]:
    """Every job of the schedule."""
    return ScheduledJob.objects.only(*SHOWN)


def trouble(job: ScheduledJob) -> str:
    """What is wrong with a job, as a sentence; empty when nothing is."""
    if job.failures and job.failing_since:
        since, often = columns.ago(job.failing_since), columns.counted(job.failures, "time")
        return f"{job.name} failed {often} in a row, first {since}: {job.failure}"
    if jobs.is_overdue(job):
        return f"{job.name} should have run by now; {_last(job)}"
    return ""


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ShownAdmin):
    """Every job of the schedule."""

    shown = SHOWN
    list_display = ("job", "state", "every", "ended", "took", "succeeded", "failed")
    list_filter = (
        question(
            "Failing?",
            "failing",
            Answer("yes", "yes", lambda rows: rows.filter(failures__gt=0)),
            Answer("no", "no", lambda rows: rows.filter(failures=0)),
        ),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("job", "state"),
                    "does",
                    ("every", "took"),
                    ("ended_exactly", "succeeded_exactly"),
                    ("failed", "failing_exactly"),
                ),
            },
        ),
    )

    @column("Job")
    def job(self, row: ScheduledJob) -> object:
        """Its name in the schedule."""
        return columns.code(row.name)

    @column("State")
    def state(self, row: ScheduledJob) -> object:
        """Whether the last call went well and the next one is not late."""
        if row.failures:
            return columns.badge("danger", "failing")
        if jobs.is_overdue(row):
            return columns.badge("danger", "overdue")
        return columns.badge("success", "well") if row.ended_at else columns.badge("plain", "not run yet")

    @column("What it does")
    def does(self, row: ScheduledJob) -> str:
        """The first words of the task about itself."""
        task = current_app.tasks.get(jobs.task_of(row.name))
        return (inspect.getdoc(task.run) or columns.NOTHING) if task is not None else "The schedule no longer has it."

    @column("Every")
    def every(self, row: ScheduledJob) -> str:
        """How often it is called."""
        return columns.span(jobs.period(row.name)) if jobs.task_of(row.name) else columns.NOTHING

    @column("Last ended")
    def ended(self, row: ScheduledJob) -> object:
        """When it ended last, well or not."""
        return columns.moment(row.ended_at)

    @column("Last ended")
    def ended_exactly(self, row: ScheduledJob) -> object:
        """When it ended last, to the second."""
        return columns.both(row.ended_at)

    @column("Took")
    def took(self, row: ScheduledJob) -> str:
        """How long the last call took."""
        return f"{row.took_ms:,} ms" if row.ended_at else columns.NOTHING

    @column("Last went well")
    def succeeded(self, row: ScheduledJob) -> object:
        """When it ended well last."""
        return columns.moment(row.succeeded_at)

    @column("Last went well")
    def succeeded_exactly(self, row: ScheduledJob) -> object:
        """When it ended well last, to the second."""
        return columns.both(row.succeeded_at)

    @column("Failures in a row")
    def failed(self, row: ScheduledJob) -> str:
        """How many, and of what kind the last one was. Its words are in the worker's log."""
        return f"{row.failures:,} ({row.failure})" if row.failures else columns.NOTHING

    @column("Failing since")
    def failing_exactly(self, row: ScheduledJob) -> object:
        """When the first of these failures was."""
        return columns.both(row.failing_since)


def _last(job: ScheduledJob) -> str:
    return f"it ended last {columns.ago(job.ended_at)}" if job.ended_at else "it has never run"
