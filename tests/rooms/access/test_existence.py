"""No answer tells a stranger whether a thing exists: what is Alice's looks like what is nobody's, at every route."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from agents.enums import AgentType
from hivemind.kit import ids
from rooms.services import vault
from rooms.services.vault import NewItem
from tests.admin import proof
from tests.contract.routes import Operation, operations
from tests.factories import rooms, tenants
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person, client

Ids = dict[str, str]
PUBLIC = "GET /v1/rooms/{room_id}/revocation"  # which anybody may read who has the room's id
# Enough to come past the shape of the request.
BODIES: dict[str, Any] = {
    "POST /v1/rooms/{room_id}/data": {"text": "x"},
    "POST /v1/rooms/{room_id}/runs": {"query": "x"},
    "POST /v1/rooms/{room_id}/quote": {"query": "x"},
    "POST /v1/rooms/{room_id}/trust": {},
}
STRANGERS = ("owner", "invite", "share", "nobody")


def addressed() -> Iterator[Operation]:
    """Every operation on one thing, but the operator's."""
    for each in operations():
        if "{" in each.path and not each.path.startswith("/v1/admin/") and str(each) != PUBLIC:
            yield each


@pytest.fixture
def real(alice: Person) -> Ids:
    """One thing of every kind, all of Alice's."""
    room = factory.room_with_agents(alice)
    factory.living_worker()
    item = vault.add(alice.owner, room.row, NewItem("x", {}))
    room.share()
    bob = tenants.bob()
    token = rooms.post(bob.client, "/v1/billing/spend-tokens", {"limit_micro_usd": 1_000})
    return {
        "room_id": room.room_id,
        "agent_id": rooms.agent(alice, AgentType.QUERY).pk,
        "run_id": factory.ask(alice.owner, room).pk,
        "item_id": item.item_id,
        "token_id": token.json()["token_id"] if token.status_code == 200 else room.guest.token_id,
        "pin_id": proof.pin(alice).pin_id,
    }


def made_up(real: Ids) -> Ids:
    """Ids of the same form that nothing has."""
    others = {
        "room_id": ids.room_id(),
        "agent_id": ids.agent_id(),
        "run_id": ids.run_id(),
        "item_id": ids.vault_item_id(),
        "pin_id": ids.run_id(),
    }
    return {**real, **others, "token_id": re.sub(r"[0-9a-f]", "0", real["token_id"])}


def stranger(who: str) -> Client:
    carol = tenants.with_database(tenants.carol())
    if who == "nobody":
        return client("")
    if who == "owner":
        return carol.client
    room: MadeRoom = rooms.room(carol)
    return room.bob if who == "invite" else client(room.share())


def answer(by: Client, operation: Operation, names: Ids) -> tuple[int, str]:
    path = operation.path.format_map({**names, "path": "agent.py", "filename": "report.md"})
    body = BODIES.get(str(operation))
    sent = by.generic(
        operation.method.upper(),
        path,
        "" if body is None else json.dumps(body),
        content_type="application/json",
    )
    text = sent.content.decode()
    for name, value in names.items():
        text = text.replace(value, f"<{name}>")
    return sent.status_code, text


@pytest.mark.parametrize("who", STRANGERS)
def test_what_is_alices_looks_like_what_is_nobodys(real: Ids, who: str) -> None:
    by, others, seen = stranger(who), made_up(real), 0
    for operation in addressed():
        told = answer(by, operation, real)
        assert told == answer(by, operation, others), operation
        assert told[0] in (401, 403, 404, 422), (operation, told)
        seen += 1
    assert seen > 25


def test_the_same_ids_are_things_to_their_owner(alice: Person, real: Ids) -> None:
    for path in ("/v1/rooms/{room_id}", "/v1/room-agents/{agent_id}", "/v1/runs/{run_id}"):
        assert alice.client.get(path.format_map(real)).status_code == 200
