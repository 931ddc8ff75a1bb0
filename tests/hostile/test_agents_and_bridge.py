"""Agents that turn on their bridge: it answers or refuses, counts what was done, and serves its other stages."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from runner.bridge.budget import Budget
from runner.bridge.limits import BridgeLimits
from runner.bridge.server import Bridge
from runner.bridge.sessions import StageSession
from runner.bridge.usage import StageUsage
from runner.engine.base import ExitReason
from runner.engine.limits import MIB, Limits
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy
from tests.hostile.agent import bridge_floods, bridge_forgeries
from tests.hostile.containers import Yard
from tests.runner.bridge.conftest import Tools
from tests.runner.llm.fake_upstream import serving

pytestmark = pytest.mark.docker

_TOKEN, _NEIGHBOUR = "stage-token-0123456789abcdef01234567", "neighbour-token-0123456789abcdef0123"
_CALLS = 20
_REFUSED = ("HTTP/1.1 4", "HTTP/1.0 4", "HTTP/1.1 503", "CLOSED", "SILENT")
Steps = dict[str, str]


@dataclass
class Seen:
    """What came of a family of attempts, inside and outside."""

    told: dict[str, Steps]
    usage: StageUsage
    upstream_calls: int
    neighbours_waits: list[float] = field(default_factory=list)
    neighbours_usage: dict[str, Any] = field(default_factory=dict)


def _session(token: str, **fields: Any) -> StageSession:
    tools = Tools({"echo": lambda text="": text})
    return StageSession(role="query", token=token, tools=tools, budget=Budget(_CALLS, 1_000_000), **fields)


@pytest.fixture(scope="module")
def bridge() -> Iterator[Bridge]:
    limits = BridgeLimits(body_seconds=2.0, header_seconds=2.0)
    made = Bridge(limits=limits, retries=RetryPolicy(base_seconds=0.01))
    made.start()
    yield made
    made.stop()


def _played(yard: Yard, bridge: Bridge, family: str) -> Seen:
    """One stage turns on the bridge while another uses it as it should."""
    waits: list[float] = []
    over = threading.Event()
    with (
        serving() as upstream,
        yard.prepare("stays:look") as quiet,
        yard.prepare(family, limits=Limits(memory_bytes=512 * MIB)) as loud,
    ):
        provider = Provider("openrouter", upstream.url, "sk-operator", timeout_seconds=10)
        # What the neighbour's container would reach is asked from here: the socket is the same one.
        neighbour = bridge.open(_session(_NEIGHBOUR), quiet.listen(8788))
        opened = bridge.open(_session(_TOKEN, llm=LlmRoute(provider, "room/model")), loud.listen(8787))
        asking = threading.Thread(target=_ask_regularly, args=(bridge, waits, over))
        asking.start()
        loud.release(
            {
                "BRIDGE_URL": "http://127.0.0.1:8787",
                "SESSION_TOKEN": _TOKEN,
                "NEIGHBOURS_TOKEN": _NEIGHBOUR,
                "NEIGHBOURS_PORTS": "8788",
            }
        )
        ended = loud.wait(time.monotonic() + 100)
        over.set()
        asking.join()
        usage, neighbours = opened.close(), neighbour.close()
        assert ended.reason is ExitReason.EXITED, ended.stderr
        return Seen(json.loads(ended.stdout), usage, len(upstream.seen), waits, neighbours.as_dict())


def _ask_regularly(bridge: Bridge, waits: list[float], over: threading.Event) -> None:
    """A third stage, on this machine's loopback, that calls its tool again and again."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    token = "third-stage-token-0123456789abcdef01"
    stage = bridge.open(_session(token), listener)
    with httpx.Client(trust_env=False, verify=False, timeout=20, headers={"x-api-key": token}) as client:
        while not over.wait(0.05):
            began = time.monotonic()
            answer = client.post(f"http://127.0.0.1:{port}/tools/echo", json={"arguments": {"text": "hi"}})
            assert answer.json() == {"result": "hi", "error": None}
            waits.append(time.monotonic() - began)
    stage.close()


@pytest.fixture(scope="module")
def floods(yard: Yard, bridge: Bridge) -> Seen:
    return _played(yard, bridge, "bridge_floods")


@pytest.fixture(scope="module")
def forgeries(yard: Yard, bridge: Bridge) -> Seen:
    return _played(yard, bridge, "bridge_forgeries")


@pytest.mark.parametrize("attempt", bridge_floods.ATTEMPTS)
def test_the_stages_bridge_lives_after_every_flood(floods: Seen, attempt: str) -> None:
    assert floods.told[attempt]["after"] == "LIVES 200", floods.told[attempt]


def test_every_call_of_thousands_is_answered_and_counted(floods: Seen) -> None:
    assert json.loads(floods.told["thousands-of-calls"]["calls"]) == {"200": 2_000}
    assert floods.usage.as_dict()["bridge"]["tool_call_counts"]["echo"] >= 2_000


def test_floods_of_one_stage_do_not_hold_up_another(floods: Seen) -> None:
    waits = sorted(floods.neighbours_waits)
    assert len(waits) > 50
    assert waits[len(waits) // 2] < 0.25
    assert waits[-1] < 5


def test_what_no_client_sends_is_refused(floods: Seen) -> None:
    for attempt in ("huge-bodies", "header-bombs", "chunked-tricks", "slow-bodies"):
        answers = {step: answer for step, answer in floods.told[attempt].items() if step != "after"}
        assert {step: a for step, a in answers.items() if not a.startswith(_REFUSED)} == {}, attempt


def test_no_second_request_hides_in_a_first(floods: Seen) -> None:
    answers = {step: answer for step, answer in floods.told["smuggled-requests"].items() if step != "after"}
    assert {step: a for step, a in answers.items() if not a.startswith(_REFUSED)} == {}


def test_the_bridge_speaks_one_protocol(floods: Seen) -> None:
    told = dict(floods.told["other-protocols"])
    assert not any(" 101 " in answer for answer in told.values())
    for step in ("second version", "tls", "tunnel", "another database", "another store"):
        assert told[step].startswith(_REFUSED), (step, told[step])


def test_connections_above_the_limit_are_turned_away(floods: Seen) -> None:
    assert int(floods.told["half-open-connections"]["turned away"]) >= 50
    assert floods.told["slow-heads"]["ended"] == "CLOSED"


def test_no_more_models_are_asked_than_the_budget_has(floods: Seen) -> None:
    told = json.loads(floods.told["budget-from-many-sides"]["statuses"])
    assert told["200"] == _CALLS == floods.upstream_calls
    assert told["429"] == 64 - _CALLS


@pytest.mark.parametrize("attempt", bridge_forgeries.ATTEMPTS)
def test_no_forgery_is_believed(forgeries: Seen, attempt: str) -> None:
    steps = forgeries.told[attempt]
    assert steps, "nothing was tried"
    assert {step: answer for step, answer in steps.items() if not answer.startswith("REFUSED ")} == {}


def test_forgeries_did_nothing_anywhere(forgeries: Seen) -> None:
    assert forgeries.upstream_calls == 0
    assert sum(forgeries.usage.as_dict()["bridge"]["tool_call_counts"].values()) == 0
    assert sum(forgeries.neighbours_usage["bridge"]["tool_call_counts"].values()) == 0
