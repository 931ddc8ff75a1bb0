"""What models cost in a real run: three containers, a model service over HTTP, and the books."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connections

from billing.models import Account, Entry
from billing.services import ledger, prices
from billing.services.ledger import Grant
from billing.services.prices import NewPrice
from hivemind.kit.audit import Actor
from hivemind.kit.conf import override
from runner.models import Run, Stage
from runner.services import execute, reconcile
from tests.factories import packages
from tests.factories.platform import Platform
from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving

pytestmark = pytest.mark.docker
OLGA = Actor.operator("olga")
MODEL = "vendor/model"
ASK_MODEL = (
    packages.CALL
    + """
import sys
answer = call("/llm/chat", {"messages": [{"role": "user", "content": "hello"}]})
print(answer["content"])
"""
)


@pytest.fixture
def upstream(platform: Platform) -> Iterator[FakeUpstream]:
    """A model service whose every answer used 1,000 prompt and 2,000 answer tokens; Bob has ten dollars."""
    prices.set_price(NewPrice("openrouter", MODEL, 250_000, 2_000_000), actor=OLGA)
    ledger.grant(platform.bob.tenant.pk, Grant(10_000_000), actor=OLGA)
    usage = {"prompt_tokens": 1_000, "completion_tokens": 2_000, "total_tokens": 3_000}
    with (
        serving() as fake,
        override("llm", api_key="k", base_url=fake.url, model=MODEL),
        override("billing", enforce_credits=True),
    ):
        for _ in range(3):
            fake.answer(completion("42", usage=usage))
        yield fake


def balance(platform: Platform) -> tuple[int, int, int]:
    account = Account.objects.get(pk=platform.bob.tenant.pk)
    return account.balance_micro_usd, account.held_micro_usd, account.spent_micro_usd


def test_an_answer_costs_what_its_models_reported(platform: Platform, upstream: FakeUpstream) -> None:
    room = platform.room(query=ASK_MODEL, llm_providers=("openrouter",))
    body = platform.ask(room, "how much?", max_tokens=1_000_000)
    assert (body["status"], body["output"]) == ("completed", "mediated: 42"), body["error"]
    assert (body["billing_status"], body["billing_hold_micro_usd"]) == ("settled", 2_000_000)
    assert body["billing_cost_micro_usd"] == 4_250
    assert balance(platform) == (9_995_750, 0, 4_250)
    charge = Entry.objects.get(kind="charge")
    assert charge.details["usage"]["query"]["total_tokens"] == 3_000


def test_an_agent_that_fails_after_asking_a_model_pays_for_it(platform: Platform, upstream: FakeUpstream) -> None:
    room = platform.room(query=ASK_MODEL + "\nsys.exit(3)", llm_providers=("openrouter",))
    body = platform.ask(room, "how much?", max_tokens=1_000_000)
    assert (body["status"], body["outcome"]) == ("failed", "query_agent_failed")
    assert (body["billing_status"], body["billing_cost_micro_usd"]) == ("settled", 4_250)
    assert balance(platform) == (9_995_750, 0, 4_250)


def test_a_worker_that_dies_in_a_stage_leaves_what_the_stage_had_used(
    platform: Platform, upstream: FakeUpstream
) -> None:
    room = platform.room(query=ASK_MODEL + "\nimport time; time.sleep(60)", llm_providers=("openrouter",))
    run_id = platform.submit(room, "how much?", max_tokens=1_000_000)
    carried = threading.Thread(target=_carry_out, args=(run_id,))
    carried.start()
    while not Stage.objects.filter(run_id=run_id, name="query", usage__total_tokens=3_000).exists():
        assert carried.is_alive()
        time.sleep(0.05)
    Run.objects.filter(pk=run_id).update(worker_id="a worker that is gone")
    reconcile.sweep()
    carried.join(30)
    run = Run.objects.get(pk=run_id)
    assert (run.failure_code, run.billing_status, run.billing_cost_micro_usd) == ("worker_lost", "settled", 4_250)
    assert balance(platform) == (9_995_750, 0, 4_250)


def _carry_out(run_id: str) -> None:
    try:
        execute.run(run_id)
    finally:
        connections.close_all()
