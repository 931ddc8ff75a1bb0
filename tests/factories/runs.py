"""Runs of the cast, and a worker that is alive as far as the database can tell."""

from agents.enums import AgentType
from hivemind.kit.handoff import WorkerIdentity
from runner.models import Run
from runner.services import runs
from runner.services.requests import RunRequest
from tenants.principals import Principal
from tests.factories import rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

QUESTION = "What changed this month? canary-question-5d1f"


def room_with_agents(alice: Person, **request: object) -> MadeRoom:
    """A room of Alice with a scope, a query and a mediator agent, and no models."""
    defaults: dict[str, object] = {
        "scope_agent_id": rooms.agent(alice, AgentType.SCOPE).pk,
        "query_agent_id": rooms.agent(alice, AgentType.QUERY).pk,
        "query_mode": "fixed",
        "mediator_agent_id": rooms.agent(alice, AgentType.MEDIATOR).pk,
        "llm_providers": (),
    }
    return rooms.room(alice, **(defaults | request))


def living_worker() -> WorkerIdentity:
    """A worker that has just said that it lives."""
    identity = WorkerIdentity(queues="runs,builds")
    identity.publish()
    return identity


def ask(principal: Principal, room: MadeRoom, *, payer: Person | None = None, key: str | None = None) -> Run:
    """A submitted run."""
    headers = {"X-Hivemind-Api-Key": payer.api_key} if payer else {}
    wanted = runs.Ask(principal=principal, room_id=room.room_id, headers=headers, idempotency_key=key)
    return runs.submit(wanted, RunRequest(query=QUESTION)).run
