"""Whatever ends a simulation, nothing of it goes on, and what it had used is known."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from django.db import connections

from hivemind.kit.conf import override
from runner.models import Run, Stage
from runner.services import execute, reconcile
from runner.services.bridges import bridge
from tests.factories.platform import Platform
from tests.runner.llm.fake_upstream import FakeUpstream, serving
from tests.runner.simulation import stages

pytestmark = pytest.mark.docker
SLEEP = f"{stages.ASK_MODEL}\ntime.sleep(600)"


@pytest.fixture
def upstream(platform: Platform) -> Iterator[FakeUpstream]:
    """A model service whose every answer uses 18 tokens, free of charge."""
    with serving() as fake, override("llm", api_key="k", base_url=fake.url, model="vendor/model"):
        yield fake


def containers(run_id: str, stage: str = "simulation") -> list[Any]:
    labels = [f"hivemind-run-id={run_id}", f"hivemind-stage={stage}"]
    return docker.APIClient().containers(all=True, filters={"label": labels})


def wait_until(true: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def nothing_left(run_id: str) -> None:
    wait_until(lambda: not containers(run_id), 10)
    assert not [stage for stage in bridge()._open if stage._stage.session.tape is not None]
    assert not [thread for thread in threading.enumerate() if thread.name == "hive-setns"]


def carry_out(run_id: str) -> threading.Thread:
    def work() -> None:
        try:
            execute.run(run_id)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def simulating(platform: Platform, scope: str = "simulate(); tell(1)", **body: Any) -> tuple[Any, str]:
    room = stages.room(platform, scope, SLEEP, llm_providers=("openrouter",))
    return room, platform.submit(room, "x", **body)


def test_a_cancelled_run_ends_its_simulations_and_keeps_their_usage(platform: Platform, upstream: FakeUpstream) -> None:
    room, run_id = simulating(platform, "batch(ALL, FIRST, NONE); tell(1)")
    carried = carry_out(run_id)
    wait_until(lambda: len(upstream.seen) == 3)
    started = time.monotonic()
    assert room.bob.delete(f"/v1/runs/{run_id}").status_code == 200
    carried.join(30)
    assert time.monotonic() - started < 10
    body = room.bob.get(f"/v1/runs/{run_id}").json()
    assert body["outcome"] == "cancelled"
    used = body["usage"]["stages"]["scope"]
    assert (used["total_tokens"], used["simulations"]["answered"]) == (54, 0)
    nothing_left(run_id)


def test_the_deadline_of_the_stage_is_that_of_its_simulations(platform: Platform, upstream: FakeUpstream) -> None:
    room, run_id = simulating(platform, timeout_seconds=4)
    started = time.monotonic()
    body = platform.carried_out(room, run_id)
    assert time.monotonic() - started < 20
    assert (body["outcome"], "timed out after 4 s" in body["error"]) == ("scope_agent_failed", True)
    assert body["usage"]["stages"]["scope"]["simulations"]["total_tokens"] == 18
    nothing_left(run_id)


def test_a_scope_agent_that_goes_away_takes_its_simulations_along(platform: Platform, upstream: FakeUpstream) -> None:
    scope = """
threading.Thread(target=simulate, daemon=True).start()
while json.load(urllib.request.urlopen(os.environ["BRIDGE_URL"] + "/health"))["budget"]["calls"] == 0:
    time.sleep(0.1)
tell("gone")
sys.stdout.flush()
os._exit(0)
"""
    room, run_id = simulating(platform, "import sys\n" + scope)
    started = time.monotonic()
    assert stages.told(platform.carried_out(room, run_id)) == "gone"
    assert time.monotonic() - started < 30
    nothing_left(run_id)


def test_a_client_that_gives_up_ends_its_simulation_and_the_next_one_works(
    platform: Platform, upstream: FakeUpstream
) -> None:
    scope = """
import http.client
def given_up(prompt):
    connection = http.client.HTTPConnection("127.0.0.1", 8787, timeout=6)
    body = {"query_agent_id": os.environ["QUERY_AGENT_ID"], "prompt": prompt, "scope_fn_source": ALL}
    headers = {"x-api-key": os.environ["SESSION_TOKEN"], "Content-Type": "application/json"}
    connection.request("POST", "/sandbox/simulate", json.dumps(body), headers)
    try:
        return connection.getresponse().status
    except TimeoutError:
        connection.close()
        return "given up"
tell([given_up("sleep"), simulate(prompt="quick")])
"""
    simulated = "if os.environ['QUERY_PROMPT'] == 'sleep': time.sleep(600)\nprint('quick')"
    room = stages.room(platform, scope, simulated, llm_providers=("openrouter",))
    with override("budgets", simulations_per_run=1):
        body = platform.ask(room, "x")
    assert stages.told(body) == ["given up", [200, {"output": "quick", "tape": []}]]
    nothing_left(body["run_id"])


def test_what_a_dead_worker_had_simulated_is_known_to_half_a_second(platform: Platform, upstream: FakeUpstream) -> None:
    _, run_id = simulating(platform)
    carried = carry_out(run_id)
    written = Stage.objects.filter(run_id=run_id, name="scope", usage__simulations__total_tokens=18)
    wait_until(written.exists)
    assert containers(run_id)
    Run.objects.filter(pk=run_id).update(worker_id="a worker that is gone")
    reconcile.sweep()
    carried.join(30)
    run = Run.objects.get(pk=run_id)
    assert run.failure_code == "worker_lost"
    assert run.usage["stages"]["scope"]["simulations"]["total_tokens"] == 18
    nothing_left(run_id)


def test_simulations_wait_their_turn_and_a_run_has_only_so_many_at_once(
    platform: Platform, upstream: FakeUpstream
) -> None:
    """Nine simulations of a second each: three at a time, in three rounds."""
    simulated = "began = time.time(); time.sleep(1); print(began, time.time())"
    room = stages.room(platform, "tell(at_once(3, lambda: batch(ALL, ALL, ALL)))", simulated)
    answers = stages.told(platform.ask(room, "x"))
    spans = sorted(
        tuple(float(word) for word in item["output"].split()) for _, answer in answers for item in answer["results"]
    )
    assert len(spans) == 9
    most = max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans)
    assert most == 3


def test_a_turn_that_never_comes_is_told_when_the_stage_ends(platform: Platform, upstream: FakeUpstream) -> None:
    with override("budgets", simulations_per_worker=1):
        room, run_id = simulating(platform, "batch(ALL, FIRST); tell(1)", timeout_seconds=4)
        body = platform.carried_out(room, run_id)
    assert body["outcome"] == "scope_agent_failed"
    assert body["usage"]["stages"]["scope"]["simulations"]["count"] == 1
    nothing_left(run_id)
    assert json.dumps(body["usage"])
