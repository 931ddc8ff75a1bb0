"""A worker that is killed with -9 in the middle of a simulation leaves neither a container nor an unpaid token."""

import subprocess
import time

import pytest

from tests.factories.service import Service
from tests.runner.llm.fake_upstream import serving
from tests.runner.simulation import stages

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def containers(run_id: str) -> list[str]:
    command = ["docker", "ps", "-aq", "--filter", f"label=hivemind-run-id={run_id}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_killed_worker_leaves_no_simulation_behind() -> None:
    service = Service()
    with serving() as upstream:
        service.environment["HIVEMIND_LLM_BASE_URL"] = upstream.url
        with service:
            sources = {
                "scope": stages.SCOPE + "simulate(); tell(1)",
                "query": stages.query(f"{stages.ASK_MODEL}\ntime.sleep(600)"),
            }
            ids = {kind: service.agent(kind, source) for kind, source in sources.items()}
            made = service.post(
                "/rooms",
                name="rehearsed",
                scope_agent_id=ids["scope"],
                query_agent_id=ids["query"],
                query_mode="fixed",
                allowed_tables=[],
                egress={"llm_providers": ["openrouter"], "allow_artifacts": False},
                output_visibility="owner_and_querier",
            )
            run_id = service.submit(made["room_id"])
            deadline = time.monotonic() + 60
            while not upstream.seen:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            time.sleep(1.5)  # what was used is written down twice a second
            assert len(containers(run_id)) >= 2
            assert service.kill("\0worker\0") > 0
            body = service.await_run(run_id, every=0.2)
            assert (body["status"], body["outcome"]) == ("failed", "worker_lost")
            assert body["usage"]["stages"]["scope"]["simulations"]["total_tokens"] == 18
            deadline = time.monotonic() + 180
            while left := containers(run_id):
                assert time.monotonic() < deadline, left
                time.sleep(1)
