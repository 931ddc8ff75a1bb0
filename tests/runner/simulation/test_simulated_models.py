"""Simulated queries that ask models: whose model, whose budget, whose money, and what a tape spares."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from attestation.receipts.consistency import check_consistency
from billing.models import Account
from billing.services import ledger, prices
from billing.services.ledger import Grant
from billing.services.prices import NewPrice
from hivemind.kit.audit import Actor
from hivemind.kit.conf import override
from tests.factories.platform import Platform
from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving
from tests.runner.simulation import stages

pytestmark = pytest.mark.docker
OLGA = Actor.operator("olga")
USAGE = {"prompt_tokens": 1_000, "completion_tokens": 2_000, "total_tokens": 3_000}
CHEAP, DEAR = "vendor/cheap", "vendor/dear"
ASK = """
import urllib.error
try:
    print(call("/llm/chat", {"messages": [{"role": "user", "content": os.environ["QUERY_PROMPT"]}], "max_tokens": 2500})
        ["content"])
except urllib.error.HTTPError as error:
    print(error.code, json.load(error)["detail"])
"""


@pytest.fixture
def upstream(platform: Platform) -> Iterator[FakeUpstream]:
    """A model service that answers with what it was asked, cheap for the scope stage and dear for the query stage."""
    prices.set_price(NewPrice("openrouter", CHEAP, 100_000, 400_000), actor=OLGA)
    prices.set_price(NewPrice("openrouter", DEAR, 1_000_000, 4_000_000), actor=OLGA)
    ledger.grant(platform.bob.tenant.pk, Grant(100_000_000), actor=OLGA)

    async def echo(_request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.json_response(completion("to " + body["messages"][-1]["content"], usage=USAGE))

    with (
        serving() as fake,
        override("llm", api_key="k", base_url=fake.url, model=CHEAP, query_model=DEAR),
        override("billing", enforce_credits=True),
    ):
        fake.default = echo
        yield fake


def ask(platform: Platform, scope: str, simulated: str = ASK, **body: Any) -> dict[str, Any]:
    room = stages.room(platform, scope, simulated, llm_providers=("openrouter",))
    return platform.ask(room, "how much?", **body)


def spent(platform: Platform) -> int:
    account = Account.objects.get(pk=platform.bob.tenant.pk)
    assert account.held_micro_usd == 0
    return account.spent_micro_usd


def test_simulations_ask_the_query_stages_model_and_are_paid_at_its_price(
    platform: Platform, upstream: FakeUpstream
) -> None:
    own = 'call("/llm/chat", {"messages": [{"role": "user", "content": "me"}], "max_tokens": 10})'
    body = ask(platform, f"{own}; tell([simulate(), simulate('import os')])")
    good, bad = stages.told(body)
    assert (good[0], good[1]["output"], bad[0]) == (200, "to how much?", 500)
    assert [seen.body["model"] for seen in upstream.seen] == [CHEAP, DEAR]
    scope = body["usage"]["stages"]["scope"]
    assert (scope["calls"], scope["total_tokens"]) == (2, 6_000)
    assert scope["simulations"] == {
        "count": 2,
        "answered": 1,
        "calls": 1,
        "prompt_tokens": 1_000,
        "completion_tokens": 2_000,
        "total_tokens": 3_000,
        "model": DEAR,
    }
    assert body["usage"]["total_tokens"] == 6_000
    assert body["billing_cost_micro_usd"] == 100 + 800 + 1_000 + 8_000 == spent(platform)
    record = body["attestation"]["body"]
    check_consistency(record)
    told = {stage["name"]: (stage["model"], stage["prompt_tokens"]) for stage in record["stages"]}
    assert told == {"scope": (CHEAP, 1_000), "simulation": (DEAR, 1_000), "query": (DEAR, 0)}


def test_what_a_simulation_used_is_paid_when_it_and_its_stage_fail(platform: Platform, upstream: FakeUpstream) -> None:
    body = ask(platform, "simulate(); raise SystemExit(3)", ASK + "\nsys.exit(5)")
    assert (body["status"], body["outcome"]) == ("failed", "scope_agent_failed")
    assert body["usage"]["stages"]["scope"]["simulations"]["answered"] == 0
    assert body["billing_cost_micro_usd"] == 9_000 == spent(platform)
    check_consistency(body["attestation"]["body"])


def test_simulations_at_once_spend_exactly_what_the_stage_has(platform: Platform, upstream: FakeUpstream) -> None:
    """Sixteen at once, each of whose calls uses all that it may: the last that fits gets what is left."""

    async def greedy(_request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        used = {"prompt_tokens": 3, "completion_tokens": body["max_tokens"]}
        return web.json_response(completion("answered", usage=used))

    upstream.default = greedy
    with override("budgets", simulations_per_run=16, simulations_per_worker=16):
        body = ask(platform, "tell(at_once(16, simulate))", ASK.replace("2500", "2000"), max_tokens=31_000)
    answers = stages.told(body)
    outputs = [answer.get("output", answer.get("detail", "")) for _, answer in answers]
    good = [output for output in outputs if output == "answered"]
    refused = [output for output in outputs if "Budget exhausted" in output]
    assert len(good) + len(refused) == 16
    used = body["usage"]["stages"]["scope"]
    assert used["calls"] == len(good) == len(upstream.seen) == 8
    assert used["total_tokens"] == used["simulations"]["total_tokens"] == used["max_tokens"] == 15_500
    check_consistency(body["attestation"]["body"])


def test_the_number_of_calls_is_exact_as_well(platform: Platform, upstream: FakeUpstream) -> None:
    with override("budgets", simulations_per_run=8, simulations_per_worker=8):
        body = ask(platform, "tell(at_once(8, simulate) + [simulate(), batch(ALL)])", max_llm_calls=3)
    answers = stages.told(body)
    assert sum(answer.get("output") == "to how much?" for _, answer in answers) == 3
    assert [status for status, _ in answers[-2:]] == [429, 429]
    assert all(answer["detail"].startswith("Budget exhausted") for _, answer in answers[-2:])
    assert body["usage"]["stages"]["scope"]["calls"] == 3 == len(upstream.seen)


def test_a_batch_shares_what_is_left_and_is_refused_as_a_whole(platform: Platform, upstream: FakeUpstream) -> None:
    simulated = 'print(os.environ["BUDGET_MAX_CALLS"], os.environ["BUDGET_MAX_TOKENS"])'
    body = ask(platform, "tell([batch(ALL, FIRST, NONE), simulate()])", simulated, max_llm_calls=7, max_tokens=60_000)
    (status, answer), (_, single) = stages.told(body)
    assert (status, [item["output"] for item in answer["results"]]) == (200, ["2 10000"] * 3)
    assert single["output"] == "7 30000"
    refused = ask(platform, "tell(batch(ALL, FIRST, NONE))", simulated, max_llm_calls=2)
    assert stages.told(refused)[0] == 429


def test_a_tape_spares_the_calls_that_stay_the_same(platform: Platform, upstream: FakeUpstream) -> None:
    """The query agent asks about the number of rows it sees: another candidate changes the second call only."""
    simulated = """
def model(text):
    return call("/llm/chat", {"messages": [{"role": "user", "content": text}], "max_tokens": 50})["content"]
first = model("hello")
rows = json.loads(tool("execute_sql", sql="SELECT id FROM sales"))
print(first, model(f"{len(rows)} rows"), model("bye"))
"""
    scope = """
_, first = simulate(ALL)
_, same = simulate(ALL, replay_tape=first["tape"])
_, other = simulate(FIRST, replay_tape=first["tape"])
forged = [dict(first["tape"][0], response={"content": "forged"})]
_, believed = simulate(ALL, replay_tape=forged)
tell([[a["output"], len(a["tape"])] for a in (first, same, other, believed)] + [sorted(first["tape"][0])])
"""
    body = ask(platform, scope, simulated)
    assert stages.told(body) == [
        ["to hello to 3 rows to bye", 3],
        ["to hello to 3 rows to bye", 3],
        ["to hello to 1 rows to bye", 3],
        ["forged to 3 rows to bye", 3],
        ["request_hash", "request_kwargs", "response"],
    ]
    asked = [seen.body["messages"][-1]["content"] for seen in upstream.seen]
    assert asked == ["hello", "3 rows", "bye", "1 rows", "bye", "3 rows", "bye"]
    assert body["usage"]["stages"]["scope"]["calls"] == 7


def test_a_room_of_another_provider_simulates_with_that_one(platform: Platform, upstream: FakeUpstream) -> None:
    prices.set_price(NewPrice("tinfoil", CHEAP, 1, 1), actor=OLGA)
    prices.set_price(NewPrice("tinfoil", DEAR, 1, 1), actor=OLGA)
    room = stages.room(platform, "tell(simulate())", ASK, llm_providers=("tinfoil",))
    with serving() as tinfoil, override("llm", tinfoil_api_key="t", tinfoil_base_url=tinfoil.url):
        body = platform.ask(room, "how much?")
    assert stages.told(body)[1]["output"] == "hello"
    assert (len(tinfoil.seen), upstream.seen) == (1, [])
    assert tinfoil.seen[0].headers["Authorization"] == "Bearer t"


def test_a_room_without_models_simulates_without_models(platform: Platform, upstream: FakeUpstream) -> None:
    room = stages.room(platform, "tell(simulate())", ASK, llm_providers=())
    status, answer = stages.told(platform.ask(room, "how much?"))
    assert (status, answer["output"].split()[0]) == (200, "403")
    assert upstream.seen == []


def test_a_route_that_is_switched_off_is_off_for_simulations(platform: Platform, upstream: FakeUpstream) -> None:
    room = stages.room(platform, "tell(simulate())", ASK, llm_providers=("openrouter",))
    run_id = platform.submit(room, "how much?")
    with override("llm", disabled_routes=f"openrouter:{DEAR}"):
        body = platform.carried_out(room, run_id)
    # Nothing of the run may use it, so it ends; but not before the scope stage has had its say.
    assert body["outcome"] == "platform_error"
    assert upstream.seen == []
    assert json.dumps(body["usage"]["stages"]["scope"]["simulations"]["answered"]) == "0"
