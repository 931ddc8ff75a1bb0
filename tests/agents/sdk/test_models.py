"""Asking a model: what is retried, what is not, and what odd answers read as."""

import pytest

from tests.agents.default.scripted import TOKEN, Stage, calling, say, sql_tool, stage
from tests.runner.llm.fake_upstream import completion


def bridge_to(room: Stage):
    import hivemind_agent

    bridge = hivemind_agent.Bridge(room.url, TOKEN, timeout_seconds=30)
    bridge.pauses = []
    bridge.pause = bridge.pauses.append
    return bridge


MESSAGES = [{"role": "user", "content": "hello"}]


def test_a_service_that_fails_is_asked_again_with_pauses() -> None:
    with stage("query", calls=20) as room:
        bridge = bridge_to(room)
        room.upstream.answer({"error": "x"}, status=400)
        say(room.upstream, "there")
        assert bridge.complete(MESSAGES).text == "there"
        assert bridge.pauses == [1.0]
        for _ in range(9):
            room.upstream.answer({"error": "x"}, status=400)
        with pytest.raises(Exception, match="500"):
            bridge.complete(MESSAGES)
        assert bridge.pauses == [1.0, 1.0, 4.0]


def test_a_used_up_budget_and_a_room_without_models_are_final() -> None:
    from hivemind_agent import BridgeRefused, BudgetExhausted

    with stage("query", calls=1) as room:
        bridge = bridge_to(room)
        say(room.upstream, "one")
        assert bridge.budget().calls == 1
        bridge.complete(MESSAGES)
        assert bridge.budget().exhausted
        with pytest.raises(BudgetExhausted):
            bridge.complete(MESSAGES)
        assert bridge.pauses == []
    with stage("query", model=False) as room:
        bridge = bridge_to(room)
        with pytest.raises(BridgeRefused) as refused:
            bridge.complete(MESSAGES)
        assert (refused.value.status, bridge.pauses) == (403, [])


@pytest.mark.parametrize(
    "odd", [None, 7, [], {}, {"choices": 1}, {"choices": [7]}, {"choices": [{"message": {"tool_calls": [7, {}]}}]}]
)
def test_an_answer_of_another_shape_reads_as_an_empty_text(odd: object) -> None:
    from hivemind_agent.models import read_completion

    read = read_completion(odd)
    assert read.text == ""
    assert all(call.name == "" and call.arguments == {} for call in read.tool_calls)


def test_calls_go_back_into_the_conversation_in_a_shape_that_is_accepted() -> None:
    with stage("query", tools=[sql_tool()]) as room:
        bridge = bridge_to(room)
        room.upstream.answer(calling("execute_sql", "{broken"))
        first = bridge.complete(MESSAGES)
        assert first.tool_calls[0].arguments is None
        say(room.upstream, "fine")
        result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "no"}
        assert bridge.complete([*MESSAGES, first.message, result]).text == "fine"


def test_the_loop_makes_no_call_twice_and_reports_unknown_tools() -> None:
    from hivemind_agent import ToolLoop, stage_tools

    tool = sql_tool()
    with stage("query", tools=[tool]) as room:
        bridge = bridge_to(room)
        same = {"sql": "SELECT 1"}
        for name, arguments in (("execute_sql", same), ("execute_sql", same), ("rm", {}), ("execute_sql", "[1]")):
            room.upstream.answer(calling(name, arguments))
        say(room.upstream, "done")
        outcome = ToolLoop(bridge, stage_tools(bridge)).run(MESSAGES)
        assert (outcome.text, outcome.ended, tool.asked) == ("done", "answered", [same])
        assert [r.split(":")[0] for r in outcome.results[1:]] == [
            "[not carried out",
            "[there is no tool 'rm'; there are",
            "[not carried out",
        ]


def test_the_loop_ends_with_its_time() -> None:
    from hivemind_agent import Limits, ToolLoop, stage_tools

    clock = iter(range(0, 1000, 40))
    with stage("query", tools=[sql_tool()]) as room:
        bridge = bridge_to(room)
        for number in range(9):
            room.upstream.answer(calling("execute_sql", {"sql": f"SELECT {number}"}))
        room.upstream.default = None
        loop = ToolLoop(bridge, stage_tools(bridge), limits=Limits(seconds=60), now=lambda: next(clock))
        outcome = loop.run(MESSAGES)
        assert outcome.ended == "time"
        assert len(room.upstream.seen) <= 4
        assert completion()["object"] == "chat.completion"
