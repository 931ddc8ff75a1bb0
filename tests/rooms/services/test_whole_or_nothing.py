"""A room comes into being whole or not at all."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, connection

from agents.enums import AgentType
from agents.models import SourceKeyWrap
from hivemind.kit import clock
from hivemind.kit.errors import RoomSealed, TenantSealed
from hivemind.kit.models import AuditEvent
from rooms.errors import AgentNotFound
from rooms.models import Invite, Room, RoomKeyWrap, ShareLink
from rooms.services import casting, share_links
from rooms.services import rooms as services
from rooms.services.requests import RoomRequest
from tenants.databases import session
from tenants.errors import DatabaseBusy, KeyRetired
from tenants.models import ApiKey
from tests.factories import rooms, tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


def _traces(person: Person) -> dict[str, int]:
    return {
        "rooms": Room.objects.count(),
        "invites": Invite.objects.count(),
        "wraps": RoomKeyWrap.objects.count(),
        "source wraps": SourceKeyWrap.objects.filter(holder__startswith="room:").count(),
        "audit": AuditEvent.objects.filter(action__startswith="room.").count(),
        "readers": _readers(),
    }


def _readers() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'r\\_%'")
        (count,) = cursor.fetchone()
    return int(count)


def test_a_room_makes_one_of_each(alice: Person) -> None:
    before = _traces(alice)
    rooms.room(alice)
    made = {name: count - before[name] for name, count in _traces(alice).items()}
    assert made == {"rooms": 1, "invites": 1, "wraps": 2, "source wraps": 1, "audit": 1, "readers": 1}


def test_nothing_is_left_when_an_agents_source_key_does_not_open(alice: Person) -> None:
    mediator = rooms.agent(alice, AgentType.MEDIATOR)
    SourceKeyWrap.objects.filter(agent=mediator).delete()
    before = _traces(alice)
    with pytest.raises(RoomSealed):
        rooms.room(alice, mediator_agent_id=mediator.pk)
    assert _traces(alice) == before


def test_nothing_is_left_when_the_tenants_database_does_not_answer(db: None) -> None:
    person = tenants.person("without a database")
    before = _traces(person)
    with pytest.raises(DatabaseBusy):
        rooms.room(person)
    assert _traces(person) == before


def test_nothing_is_left_when_the_tenant_is_sealed(alice: Person) -> None:
    before = _traces(alice)
    scope = rooms.agent(alice)
    ApiKey.objects.update(root_wrapped=b"")
    with pytest.raises(TenantSealed):
        rooms.room(alice, scope_agent_id=scope.pk)
    assert _traces(alice) == before


def test_a_key_that_is_replaced_while_it_makes_a_room_makes_none(alice: Person) -> None:
    scope, owner, before = rooms.agent(alice), alice.owner, _traces(alice)
    ApiKey.objects.update(retired_at=clock.now())
    with pytest.raises(KeyRetired):
        services.create(owner, RoomRequest(scope_agent_id=scope.pk))
    assert _traces(alice) == before


def test_a_key_that_is_replaced_while_it_shares_a_room_makes_no_link(alice: Person, room: MadeRoom) -> None:
    owner = alice.owner
    ApiKey.objects.update(retired_at=clock.now())
    with pytest.raises(KeyRetired):
        share_links.enable(owner, room.row)
    assert not ShareLink.objects.exists()


def test_an_agent_that_is_deleted_while_its_room_is_made_is_noticed(alice: Person) -> None:
    scope = rooms.agent(alice)
    cast = casting.choose(alice.tenant, RoomRequest(scope_agent_id=scope.pk))
    casting.hold(cast)
    scope.delete()
    with pytest.raises(AgentNotFound):
        casting.hold(cast)


@pytest.fixture
def failing_commit(transactional_db: None) -> Iterator[None]:
    """Every commit that made a room fails at its very end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'refused'; END$$;"
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON rooms_room DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse CASCADE")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_when_the_commit_fails(failing_commit: None) -> None:
    person = tenants.with_database(tenants.alice())
    scope = rooms.agent(person)
    before = _traces(person)
    with pytest.raises(DatabaseError, match="refused"):
        rooms.room(person, scope_agent_id=scope.pk)
    assert _traces(person) == before


def test_the_reader_sees_the_allowed_tables_and_no_other(alice: Person, sales: str) -> None:
    with session.owner_connection(alice.tenant) as sql:
        sql.execute("CREATE TABLE wages (id int); INSERT INTO sales VALUES (1, 2)")
    made = rooms.room(alice, allowed_tables=("SALES",))
    with session.room_connection_factory(alice.tenant, made.room_id)() as reader:
        assert reader.execute("SELECT * FROM sales").fetchall() == [(1, 2)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("SELECT * FROM wages")


@pytest.mark.django_db(transaction=True)
def test_the_reader_goes_with_the_room() -> None:
    person = tenants.with_database(tenants.alice())
    made = rooms.room(person)
    before = _readers()
    person.client.delete(made.url)
    assert _readers() == before - 1
