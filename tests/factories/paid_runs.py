"""Runs that somebody pays for: a model at a price, credit that is enforced, asks and what they used."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from billing.services import ledger, prices
from billing.services.ledger import Grant
from billing.services.prices import NewPrice
from hivemind.kit.audit import Actor
from hivemind.kit.conf import override
from hivemind.kit.handoff import WorkerIdentity
from runner.enums import RunStatus
from runner.models import Run
from runner.services import runs
from runner.services.finish import Facts
from runner.services.requests import RunRequest
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

OLGA = Actor.operator("olga")
MODEL = "vendor/model"
SERVICE = "https://Hive.example:443/rooms"


@contextlib.contextmanager
def priced_model() -> Iterator[None]:
    """A provider with a key, a model at 2 dollars a million answer tokens, and credit enforced."""
    prices.set_price(NewPrice("openrouter", MODEL, 250_000, 2_000_000), actor=OLGA)
    with override("llm", api_key="k", model=MODEL), override("billing", enforce_credits=True):
        yield


def room_with_models(alice: Person) -> MadeRoom:
    """A room that lets models be called."""
    return factory.room_with_agents(alice, llm_providers=("openrouter",))


def ten_dollars(person: Person) -> Person:
    """The same person, ten dollars richer."""
    ledger.grant(person.tenant.pk, Grant(10_000_000), actor=OLGA)
    return person


def ask(room: MadeRoom, payer: str, **changed: object) -> Run:
    """The room's guest asks, and `payer` pays. ``key`` is the idempotency key; the rest are fields of the request."""
    wanted = runs.Ask(
        principal=room.guest,
        room_id=room.room_id,
        headers={"X-Hivemind-Api-Key": payer},
        idempotency_key=changed.pop("key", None),  # type: ignore[arg-type]
        service=SERVICE,
    )
    return runs.submit(wanted, replace(RunRequest(query=factory.QUESTION, max_tokens=1_000_000), **changed)).run


def claimed(run: Run, worker: WorkerIdentity) -> Run:
    """The run, in the hands of the worker."""
    Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, fence=1, worker_id=worker.worker_id)
    return Run.objects.get(pk=run.pk)


def used(**stages: tuple[int, int]) -> Facts:
    """Facts of a run whose stages used so many tokens of prompt and answer."""
    return Facts(usage={"stages": {n: {"prompt_tokens": p, "completion_tokens": c} for n, (p, c) in stages.items()}})
