"""Rehearsing through the helper package and over MCP, against the bridge's own routes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from runner.bridge.budget import BudgetExhausted as NothingLeft
from runner.bridge.sessions import Outcome, Rehearsal
from tests.agents.default.scripted import TOKEN, Stage, stage

POLICIES = {"people": {"columns": "*"}}


@dataclass
class Simulator:
    """Answers each rehearsal with its candidate; a candidate that says so fails."""

    seen: list[Rehearsal] = field(default_factory=list)
    exhausted: bool = False

    async def run(self, rehearsals: Sequence[Rehearsal], /) -> list[Outcome]:
        if self.exhausted:
            raise NothingLeft("Budget exhausted: nothing left")
        self.seen += rehearsals
        return [
            Outcome(error="it broke")
            if "fail" in one.candidate.scope_fn_source
            else Outcome(one.candidate.scope_fn_source)
            for one in rehearsals
        ]

    def usage(self) -> dict[str, int]:
        """Nothing was used."""
        return {}

    def stop(self) -> None:
        """Nothing runs on."""


def bridge_to(room: Stage):
    import hivemind_agent

    return hivemind_agent.Bridge(room.url, TOKEN, timeout_seconds=30)


def test_one_rehearsal_takes_a_function_and_policies() -> None:
    simulator = Simulator()
    with stage("scope", query_agent_id="abc", simulator=simulator) as room:
        bridge = bridge_to(room)
        done = bridge.simulate("abc", "who?", "def scope", row_policies=POLICIES)
        assert (done.output, done.error, done.tape) == ("def scope", "", [])
        assert bridge.simulate("abc", "who?", "def scope", replay_tape=done.tape).output == "def scope"
    assert [one.prompt for one in simulator.seen] == ["who?", "who?"]
    assert simulator.seen[0].candidate.row_policies == POLICIES


def test_a_batch_tells_which_candidate_failed() -> None:
    with stage("scope", query_agent_id="abc", simulator=Simulator()) as room:
        results = bridge_to(room).simulate_batch("abc", "who?", ["one", "fail", "three", "never sent"])
        assert [(one.output, one.error) for one in results] == [("one", ""), ("", "it broke"), ("three", "")]


def test_what_cannot_be_rehearsed_is_an_error_with_its_status() -> None:
    from hivemind_agent import BridgeRefused, BudgetExhausted

    for fields, agent, source, status in (
        ({"query_agent_id": "abc", "simulator": Simulator()}, "abc", "fail", 500),
        ({"query_agent_id": "abc", "simulator": Simulator()}, "other", "x", 403),
        ({}, "abc", "x", 400),
    ):
        with stage("scope", **fields) as room, pytest.raises(BridgeRefused) as refused:
            bridge_to(room).simulate(agent, "who?", source)
        assert refused.value.status == status
    nothing_left = Simulator(exhausted=True)
    with stage("scope", query_agent_id="abc", simulator=nothing_left) as room, pytest.raises(BudgetExhausted):
        bridge_to(room).simulate("abc", "who?", "x")
    with stage("query") as room, pytest.raises(BridgeRefused) as refused:
        bridge_to(room).simulate("abc", "who?", "x")
    assert refused.value.status == 404


def test_the_tools_of_a_scope_agent_rehearse_its_own_question(monkeypatch: pytest.MonkeyPatch) -> None:
    from hivemind_agent import scope_tools

    monkeypatch.setenv("QUERY_AGENT_ID", "abc")
    monkeypatch.setenv("QUERY_PROMPT", "who?")
    simulator = Simulator()
    with stage("scope", query_agent_id="abc", simulator=simulator) as room:
        tools = {tool.name: tool for tool in scope_tools(bridge_to(room))}
        assert tools["simulate_query"].run({"scope_fn_source": "one"}) == "one"
        told = json.loads(tools["simulate_multi"].run({"candidates": ["one", "fail"], "prompt": "why?"}))
        assert told == [{"idx": 0, "output": "one", "error": None}, {"idx": 1, "output": "", "error": "it broke"}]
    assert [one.prompt for one in simulator.seen] == ["who?", "why?", "why?"]
