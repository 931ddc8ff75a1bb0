"""Killed with -9, the service loses nothing that was promised."""

import time

import pytest

from tests.factories.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def wait_running(service: Service, run_id: str) -> None:
    deadline = time.monotonic() + 30
    while service.http.get(f"/runs/{run_id}").json()["query_started_at"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_that_is_killed_takes_its_run_to_a_signed_end_and_the_next_run_works(service: Service) -> None:
    room = service.room("slow", query="import time; time.sleep(8); print('done')")
    run_id = service.submit(room)
    wait_running(service, run_id)
    assert service.kill("\0worker\0") > 0
    body = service.await_run(run_id, every=0.2)
    assert (body["status"], body["outcome"]) == ("failed", "worker_lost")
    assert body["attestation"]["body"]["status"] == "failed"
    service.await_worker()
    assert service.ask(service.room("trivial"))["output"] == "mediated: answer"


def test_a_cancelled_run_ends_within_seconds(service: Service) -> None:
    room = service.room("sleeper", query="import time; time.sleep(60); print('done')")
    run_id = service.submit(room)
    wait_running(service, run_id)
    started = time.monotonic()
    service.http.delete(f"/runs/{run_id}").raise_for_status()
    body = service.await_run(run_id, every=0.1)
    assert (body["status"], body["outcome"]) == ("failed", "cancelled")
    assert time.monotonic() - started < 10


def test_after_everything_was_killed_the_service_starts_again_and_the_room_still_answers(service: Service) -> None:
    room = service.room("trivial")
    service.ask(room)
    assert service.kill("") > 3
    service.process.wait(10)
    service.start()
    service.await_worker()
    assert service.ask(room)["output"] == "mediated: answer"
