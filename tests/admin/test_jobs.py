"""Jobs that run by the clock: each one runs, and the operator sees the ones that fail or stay away."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from celery import Task
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from hivemind.celery import app
from hivemind.kit import clock
from hivemind.kit.models import ScheduledJob
from hivemind.kit.services import jobs, sign_ins

HOME, LIST = "/admin/", "/admin/kit/scheduledjob/"
FORGET = "forget-failures"
# What carries a job out that needs a container engine is tried with one.
ON_THE_ENGINE = {"reap-runs", "clean-engine"}


def of_schedule() -> Iterator[Any]:
    for name in settings.CELERY_BEAT_SCHEDULE:
        yield pytest.param(name, marks=[pytest.mark.docker] if name in ON_THE_ENGINE else [], id=name)


def task_called(name: str) -> Task:
    app.autodiscover_tasks(force=True)
    found: Task = app.tasks[settings.CELERY_BEAT_SCHEDULE[name]["task"]]
    return found


@pytest.fixture
def failing() -> Iterator[Callable[[], None]]:
    """Carry out one job that fails, with words that nobody may read."""

    def fail() -> None:
        with mock.patch.object(sign_ins, "forget", side_effect=OperationalError("CANARY")):
            task_called(FORGET).apply()

    jobs.declare()
    yield fail


def told(client: Client) -> list[str]:
    return [need.text for need in client.get(HOME).context["needs"] if need.text.startswith("Job ")]


@pytest.mark.parametrize("name", of_schedule())
def test_every_job_of_the_schedule_runs_and_says_so(db: None, name: str) -> None:
    assert task_called(name).apply(throw=True).state == "SUCCESS"
    job = ScheduledJob.objects.get(pk=name)
    assert job.succeeded_at == job.ended_at is not None
    assert (job.failures, job.failure, job.failing_since) == (0, "", None)


def test_what_a_message_asks_for_is_no_job(db: None) -> None:
    task = app.tasks["agents.tasks.build_image"]
    with mock.patch("agents.services.builds.execute"):
        task.apply(args=("nothing",))
    assert not ScheduledJob.objects.exists()


def test_a_job_that_fails_is_seen_until_it_runs_again(olga: Client, failing: Callable[[], None]) -> None:
    assert told(olga) == []
    failing()
    failing()
    assert told(olga) == [f"Job {FORGET} failed 2 times in a row, first 0 s ago: OperationalError"]
    listed = olga.get(LIST, {"failing": "yes"})
    assert [job.pk for job in listed.context["cl"].result_list] == [FORGET]
    page = olga.get(f"{LIST}{FORGET}/change/").content.decode()
    assert "OperationalError" in page and "Forget failed sign-ins that count no more." in page
    assert "CANARY" not in page + listed.content.decode()
    task_called(FORGET).apply()
    assert told(olga) == []


def test_a_job_that_stays_away_is_seen(olga: Client) -> None:
    jobs.declare()
    assert told(olga) == []
    ScheduledJob.objects.update(declared_at=clock.now() - timedelta(days=3), ended_at=clock.now())
    ScheduledJob.objects.filter(pk="reap-runs").update(ended_at=clock.now() - timedelta(minutes=3))
    ScheduledJob.objects.filter(pk="check-books").update(ended_at=clock.now() - timedelta(hours=25))
    ScheduledJob.objects.filter(pk="expire-money").update(ended_at=None)
    assert told(olga) == [
        "Job expire-money should have run by now; it has never run",
        "Job reap-runs should have run by now; it ended last 3 min ago",
    ]
    assert olga.get(LIST).content.decode().count("overdue") == 2
    jobs.declare()
    assert told(olga) == []  # a worker that has just started waits for what is to come


def test_a_job_that_the_schedule_no_longer_has_is_forgotten(olga: Client) -> None:
    ScheduledJob.objects.create(pk="of-old", declared_at=clock.now() - timedelta(days=9), failures=1)
    assert olga.get(f"{LIST}of-old/change/").status_code == 200
    jobs.declare()
    assert set(ScheduledJob.objects.values_list("pk", flat=True)) == set(settings.CELERY_BEAT_SCHEDULE)


def test_who_may_not_see_jobs_is_told_of_none(vera: Client, client: Client, failing: Callable[[], None]) -> None:
    failing()
    assert len(told(vera)) == 1
    assert client.get(LIST).status_code == 302
