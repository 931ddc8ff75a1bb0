"""The landing page: what needs the operator now, and services that do not answer."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client, override_settings

from hivemind import admin_services
from hivemind.kit import conf
from hivemind.kit.models import WorkerKey
from runner.enums import RunStatus
from runner.models import Run
from tests.admin import rows
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

HOME = "/admin/"


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    """No answer of an earlier test counts."""
    for probe in admin_services.PROBES:
        probe.forget()
    yield


def text_of(client: Client) -> str:
    answer = client.get(HOME)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def needs(client: Client) -> list[str]:
    """What the page says needs the operator, the most urgent first."""
    return [need.text for need in client.get(HOME).context["needs"]]


def test_a_healthy_idle_service_needs_nobody(olga: Client) -> None:
    rows.worker()
    needed = [need for need in needs(olga) if not need.startswith("Container engine")]
    assert needed == []


def test_nobody_to_do_the_work_is_said_first(olga: Client) -> None:
    rows.worker(silent_seconds=60)
    assert any(need.startswith("No living worker takes runs or builds") for need in needs(olga))
    rows.worker("worker-2", queues="builds")
    assert any(need.startswith("No living worker takes runs:") for need in needs(olga))


def test_runs_that_failed_or_wait_long_are_counted(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    _, room = everything
    rows.run(room.row, RunStatus.PENDING, age_seconds=90)
    rows.run(room.row, RunStatus.FAILED, age_seconds=3 * 86_400)
    said = needs(olga)
    assert "1 run waiting for more than 30 s, the first asked 1 min ago" in said
    assert "1 run failed in the last day: the platform failed (1)" in said


def test_builds_that_failed_or_are_stuck_are_counted(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    agent = everything[0].tenant.agents.first()
    rows.build(agent, "pending", age_seconds=120)
    rows.build(agent, "running", age_seconds=700)
    said = needs(olga)
    assert "2 builds stuck" in said and "1 build failed in the last day" in said


def test_the_newest_runs_are_listed(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    text = text_of(olga)
    assert all(run.pk in text for run in Run.objects.all())


def test_a_redis_that_is_gone_is_red_and_the_page_still_answers(olga: Client) -> None:
    with override_settings(REDIS_URL="unix:///nowhere/redis.sock?db=0"):
        assert any(need.startswith("Redis: does not answer") for need in needs(olga))


def test_an_engine_that_is_gone_is_red_and_the_page_still_answers(olga: Client) -> None:
    with conf.override("sandbox", docker_host="unix:///nowhere/docker.sock"):
        assert any(need.startswith("Container engine: does not answer") for need in needs(olga))


def test_an_engine_that_hangs_does_not_hold_the_page_up(olga: Client, tmp_path: Path) -> None:
    text_of(olga)  # templates are compiled now
    admin_services.PROBES[1].forget()
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(tmp_path / "docker.sock"))
    silent.listen()
    with silent, conf.override("sandbox", docker_host=f"unix://{tmp_path / 'docker.sock'}"):
        started = time.monotonic()
        said = needs(olga)
        assert time.monotonic() - started < 1.5
    assert "Container engine: does not answer in time" in said


def test_services_are_asked_once_for_many_pages(olga: Client) -> None:
    with override_settings(REDIS_URL="unix:///nowhere/redis.sock?db=0"):
        assert any(need.startswith("Redis") for need in needs(olga))
    assert any(need.startswith("Redis") for need in needs(olga))  # remembered for some seconds


def test_the_page_shows_only_what_the_person_may_see(everything: tuple[Person, MadeRoom]) -> None:
    user = User.objects.create_user("ines", password="a password of hers", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_agent"))
    ines = Client()
    ines.force_login(user)
    text = text_of(ines)
    assert "Newest runs" not in text and "Rooms in force" not in text and "alice" not in text
    assert "Agents" in text and "/admin/tenants/" not in text
    assert not [worker.worker_id for worker in WorkerKey.objects.all() if worker.worker_id in text]


def test_a_stranger_is_sent_to_a_login_page_of_ours(client: Client, db: None) -> None:
    answer = client.get(HOME, follow=True)
    assert "Hivemind" in answer.content.decode() and "hivemind/favicon.svg" in answer.content.decode()
    User.objects.create_superuser("olga", password="a password of hers")
    answer = client.post("/admin/login/", {"username": "olga", "password": "a password of hers"})
    assert answer["Location"] == HOME
