"""An agent that a living room names cannot be deleted, and a guest reads of it what the room lets it read."""

from agents.models import Agent
from agents.services import sources
from attestation.sealing import kdf
from rooms import agent_hooks
from rooms.models import Room
from rooms.services import opening
from tests.factories import rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


def test_an_agent_is_named_as_long_as_its_room_is_in_force(alice: Person) -> None:
    scope, unused = rooms.agent(alice), rooms.agent(alice)
    made = rooms.room(alice, scope_agent_id=scope.pk, rules=f'"{unused.pk}"')
    assert agent_hooks.names(scope) and not agent_hooks.names(unused)
    alice.client.delete(made.url)
    assert not agent_hooks.names(scope)


def test_a_package_that_a_guest_brought_is_named_by_no_room(alice: Person, room: MadeRoom) -> None:
    brought = rooms.agent(alice, room_id=room.room_id)
    key = opening.open_room_key(room.guest, room.row)
    sources.insert_room_wrap(brought, source_key=kdf.new_key(), room_id=room.room_id, room_key=key)
    assert not agent_hooks.names(brought)


def test_deleting_a_named_agent_is_refused(alice: Person) -> None:
    scope = rooms.agent(alice)
    made = rooms.room(alice, scope_agent_id=scope.pk)
    assert alice.client.delete(f"/v1/room-agents/{scope.pk}").status_code == 409
    assert Agent.objects.filter(pk=scope.pk).exists()
    assert made.bob.get(f"{made.url}/attest").status_code == 200


def test_a_guest_reads_an_inspectable_source_through_its_room_and_not_when_that_is_damaged(alice: Person) -> None:
    scope = rooms.agent(alice, source=b"print('mine')\n")
    made = rooms.room(alice, scope_agent_id=scope.pk)
    url = f"/v1/room-agents/{scope.pk}/files/agent.py"
    answer = made.bob.get(url)
    assert (answer.status_code, answer.content) == (200, b"print('mine')\n")
    Room.objects.update(envelope="{}")
    assert made.bob.get(url).status_code == 409
