"""The two routes of simulation: what they take, what they answer, and what they refuse."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from runner.bridge.budget import BudgetExhausted
from runner.bridge.sessions import Outcome, Rehearsal

SOURCE = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}"
ENTRY = {"request_hash": "0" * 64, "response": {"content": "hello"}}


class Rehearsals:
    """Answers with `outcomes` in turn; remembers what it was asked."""

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.outcomes = outcomes or (Outcome("42"),)
        self.asked: list[Sequence[Rehearsal]] = []
        self.stopped = threading.Event()
        self.hangs = False

    async def run(self, rehearsals: Sequence[Rehearsal]) -> list[Outcome]:
        self.asked.append(rehearsals)
        if self.hangs:
            await asyncio.sleep(60)
        if isinstance(self.outcomes[0], Exception):
            raise self.outcomes[0]
        return [self.outcomes[i % len(self.outcomes)] for i in range(len(rehearsals))]

    def stop(self) -> None:
        self.stopped.set()

    def usage(self) -> dict[str, Any]:
        return {"count": len(self.asked)} if self.asked else {}


@pytest.fixture
def scope_room(open_room):
    def opener(simulator=None, **fields):
        return open_room(**{"role": "scope", "query_agent_id": "bob-agent", "simulator": simulator, **fields})

    return opener


def body(**changes: Any) -> dict[str, Any]:
    return {"query_agent_id": "bob-agent", "prompt": "how many?", "scope_fn_source": SOURCE, **changes}


def batch(**changes: Any) -> dict[str, Any]:
    return {"query_agent_id": "bob-agent", "prompt": "how many?", "candidates": [SOURCE], **changes}


def test_a_simulation_answers_with_the_output_and_the_tape(scope_room):
    rehearsals = Rehearsals(Outcome("42", (ENTRY,)))
    answer = scope_room(rehearsals).client.post("/sandbox/simulate", json=body())
    assert (answer.status_code, answer.json()) == (200, {"output": "42", "tape": [ENTRY]})
    ((rehearsal,),) = rehearsals.asked
    assert (rehearsal.prompt, rehearsal.candidate.scope_fn_source) == ("how many?", SOURCE)
    assert (rehearsal.candidate.row_policies, rehearsal.replay) == (None, ())


def test_a_batch_answers_in_the_order_of_its_candidates_with_an_error_for_each(scope_room):
    rehearsals = Rehearsals(Outcome("a"), Outcome(error="it exited with status 3"), Outcome("c"))
    candidates = [SOURCE, {"scope_fn_source": SOURCE, "row_policies": {"sales": {}}}, SOURCE]
    answer = scope_room(rehearsals).client.post("/sandbox/simulate_batch", json=batch(candidates=candidates))
    assert answer.status_code == 200
    assert answer.json() == {
        "results": [
            {"idx": 0, "output": "a", "error": None},
            {"idx": 1, "output": "", "error": "it exited with status 3"},
            {"idx": 2, "output": "c", "error": None},
        ]
    }
    ((_, second, _),) = rehearsals.asked
    assert second.candidate.row_policies == {"sales": {}}


def test_a_simulation_that_fails_is_an_error_of_its_own(scope_room):
    room = scope_room(Rehearsals(Outcome(error="it exited with status 3")))
    answer = room.client.post("/sandbox/simulate", json=body())
    assert (answer.status_code, answer.json()) == (500, {"detail": "Simulation failed: it exited with status 3"})


@pytest.mark.parametrize(("path", "sent"), [("simulate", body()), ("simulate_batch", batch())])
def test_a_used_up_budget_another_agent_and_no_agent_are_told_apart(scope_room, path, sent):
    url = f"/sandbox/{path}"
    exhausted = scope_room(Rehearsals(BudgetExhausted("Budget exhausted: all 5 model calls are used")))
    answer = exhausted.client.post(url, json=sent)
    assert (answer.status_code, answer.json()["detail"]) == (429, "Budget exhausted: all 5 model calls are used")
    answer = scope_room(Rehearsals()).client.post(url, json=sent | {"query_agent_id": "carols-agent"})
    assert answer.status_code == 403
    assert scope_room(Rehearsals(), query_agent_id="").client.post(url, json=sent).status_code == 400
    assert scope_room(None).client.post(url, json=sent).status_code == 400


@pytest.mark.parametrize("role", ["query", "mediator"])
@pytest.mark.parametrize("path", ["simulate", "simulate_batch"])
def test_other_roles_and_strangers_cannot_simulate(open_room, role, path):
    rehearsals = Rehearsals()
    room = open_room(role=role, query_agent_id="bob-agent", simulator=rehearsals)
    assert room.client.post(f"/sandbox/{path}", json=body() | batch()).status_code == 404
    scope = open_room(role="scope", query_agent_id="bob-agent", simulator=rehearsals)
    url = f"http://127.0.0.1:{scope.port}/sandbox/{path}"
    assert httpx.post(url, json=body() | batch(), trust_env=False).status_code == 401
    assert rehearsals.asked == []


@pytest.mark.parametrize(
    ("path", "changes", "loc"),
    [
        ("simulate", {"prompt": None}, ["body", "prompt"]),
        ("simulate", {"scope_fn_source": 5}, ["body", "scope_fn_source"]),
        ("simulate", {"query_agent_id": {}}, ["body", "query_agent_id"]),
        ("simulate", {"replay_tape": {}}, ["body", "replay_tape"]),
        ("simulate", {"replay_tape": [1]}, ["body", "replay_tape", 0]),
        ("simulate", {"replay_tape": [ENTRY] * 2001}, ["body", "replay_tape"]),
        ("simulate", {"replay_tape": [ENTRY, {"request_hash": "0" * 64}]}, ["body", "replay_tape", 1, "response"]),
        ("simulate_batch", {"candidates": []}, ["body", "candidates"]),
        ("simulate_batch", {"candidates": [SOURCE] * 4}, ["body", "candidates"]),
        ("simulate_batch", {"candidates": SOURCE}, ["body", "candidates"]),
        ("simulate_batch", {"candidates": [SOURCE, 7]}, ["body", "candidates", 1]),
        ("simulate_batch", {"candidates": [{}]}, ["body", "candidates", 0, "scope_fn_source"]),
        ("simulate_batch", {"replay_tape": [{}]}, ["body", "replay_tape", 0, "request_hash"]),
    ],
)
def test_a_malformed_request_is_described_and_nothing_is_carried_out(scope_room, path, changes, loc):
    rehearsals = Rehearsals()
    whole = body() if path == "simulate" else batch()
    answer = scope_room(rehearsals).client.post(f"/sandbox/{path}", json=whole | changes)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == loc
    assert rehearsals.asked == []


def test_a_simulation_ends_with_the_client_that_asked_for_it(scope_room):
    rehearsals = Rehearsals()
    rehearsals.hangs = True
    room = scope_room(rehearsals)
    with pytest.raises(httpx.ReadTimeout):
        room.client.post("/sandbox/simulate", json=body(), timeout=0.3)
    assert rehearsals.asked
    room.stage.close()
    assert rehearsals.stopped.is_set()


def test_what_simulations_used_is_told_apart_in_the_usage_of_the_stage(scope_room):
    room = scope_room(Rehearsals())
    assert "simulations" not in room.stage.usage().as_dict()
    room.client.post("/sandbox/simulate", json=body())
    assert room.stage.close().as_dict()["simulations"] == {"count": 1}


@pytest.mark.parametrize(("caller", "shown"), [("simulate_query", "simulate_query"), ("row 4711", "other")])
def test_only_known_callers_come_into_the_log(scope_room, caplog, caller, shown):
    caplog.set_level(logging.INFO, logger="runner.bridge")
    scope_room(Rehearsals()).client.post("/sandbox/simulate", json=body(), headers={"X-Simulate-Caller": caller})
    assert f"caller={shown}" in caplog.text
    assert "4711" not in caplog.text
