"""How long one simulated query takes, and three candidates at once.

    python bench/simulation.py [--rounds 10] [--model-seconds 3]

Starts its own service and a model service that takes its time over each answer. The scope agent measures, from inside
its container, one simulation and one batch of three in turn: once with a query agent that asks a model, and once with
one that only prints, so that nothing but containers is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.factories.service import Service
from tests.runner.llm.fake_upstream import completion, serving
from tests.runner.simulation import stages

SCOPE = """
def timed(work):
    started = time.perf_counter()
    status, answer = work()
    assert status == 200 and not any(item.get("error") for item in answer.get("results", []))
    return time.perf_counter() - started
tell([timed(simulate), timed(lambda: batch(ALL, FIRST, NONE))])
"""
AGENTS = {
    "asks a model twice": f"{stages.ASK_MODEL}\n{stages.ASK_MODEL}",
    "only prints": "print('done')",
}


def main() -> None:
    """Measure and print two lines of a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--model-seconds", type=float, default=3.0, help="what both model calls take together")
    options = parser.parse_args()
    service = Service()
    with serving() as upstream:

        async def slow(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
            await asyncio.sleep(options.model_seconds / 2)
            return web.json_response(completion("done"))

        upstream.default = slow
        service.environment["HIVEMIND_LLM_BASE_URL"] = upstream.url
        with service:
            for name, simulated in AGENTS.items():
                print(line(name, measured(service, name, simulated, options.rounds)))


def measured(service: Service, name: str, simulated: str, rounds: int) -> list[tuple[float, float]]:
    """Seconds of one simulation and of a batch of three, for each round after one that does not count."""
    agents = {"scope": stages.SCOPE + SCOPE, "query": stages.query(simulated)}
    ids = {kind: service.agent(kind, source) for kind, source in agents.items()}
    service.post("/tenant/sql", sql="CREATE TABLE IF NOT EXISTS sales AS SELECT 1 AS id")
    room = service.post(
        "/rooms",
        name=name,
        scope_agent_id=ids["scope"],
        query_agent_id=ids["query"],
        query_mode="fixed",
        allowed_tables=["sales"],
        egress={"llm_providers": ["openrouter"], "allow_artifacts": False},
        output_visibility="owner_and_querier",
    )
    found = [stages.told(service.ask(room["room_id"])) for _ in range(rounds + 1)]
    return [(one, three) for one, three in found[1:]]


def line(name: str, times: list[tuple[float, float]]) -> str:
    """The medians as a line of a table."""
    one, three = (statistics.median(column) for column in zip(*times, strict=True))
    figures = json.dumps([[round(value, 3) for value in pair] for pair in times])
    return f"| query agent {name} | one {one:.2f} s | three {three:.2f} s | {three / one:.2f} x | {figures}"


if __name__ == "__main__":
    main()
