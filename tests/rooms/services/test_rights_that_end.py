"""A right that ends while an ask is under way carries no run: whichever of both is stored first, the other sees it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import connection

from hivemind.kit.audit import Actor
from hivemind.kit.errors import Unauthenticated
from hivemind.kit.handoff import WorkerIdentity
from rooms.errors import RoomRevoked
from rooms.selectors import rooms as selectors
from rooms.services import invites, share_links, trust
from rooms.services import rooms as services
from rooms.services.trust import TrustChange
from runner.enums import RunStatus
from runner.models import Run
from runner.services import runs
from tenants.credentials import registry
from tenants.errors import KeyRetired
from tenants.principals import Principal
from tenants.services import api_keys
from tenants.services import tenants as tenant_service
from tests.factories import runs as factory
from tests.factories import tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

pytestmark = pytest.mark.django_db(transaction=True)
OLGA = Actor.operator("olga")


@pytest.fixture
def alice() -> Person:
    """An owner whose rows other connections see."""
    return tenants.with_database(tenants.alice())


@pytest.fixture
def bob() -> Person:
    """Who pays for his own asks."""
    return tenants.bob()


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    """A room whose agents are built."""
    return factory.room_with_agents(alice)


@pytest.fixture
def worker() -> WorkerIdentity:
    """Somebody who could carry a run out."""
    return factory.living_worker()


def revoke_room(room: MadeRoom) -> None:
    services.revoke(room.owner.owner, room.room_id)


def revoke_invite(room: MadeRoom) -> None:
    assert invites.revoke_by_prefix(room.owner.owner, room.guest.token_id) == 1


def revoke_everything(room: MadeRoom) -> None:
    api_keys.reset(room.owner.tenant.pk, actor=OLGA, clear_seal=False, revoke_capabilities=True)


def reset_key(room: MadeRoom) -> None:
    api_keys.reset(room.owner.tenant.pk, actor=OLGA, clear_seal=False, revoke_capabilities=False)


def suspend(room: MadeRoom) -> None:
    tenant_service.suspend(room.owner.tenant.pk, actor=OLGA)


def disable_link(room: MadeRoom) -> None:
    assert share_links.disable(room.row, actor=room.owner.owner.actor)


def rotate_link(room: MadeRoom) -> None:
    share_links.rotate(room.owner.owner, room.row)


ENDS: list[Any] = [
    pytest.param("owner", revoke_room, RoomRevoked, id="owner, room revoked"),
    pytest.param("invite", revoke_room, RoomRevoked, id="invite, room revoked"),
    pytest.param("share", revoke_room, RoomRevoked, id="share link, room revoked"),
    pytest.param("invite", revoke_invite, Unauthenticated, id="invite revoked"),
    pytest.param("invite", revoke_everything, Unauthenticated, id="invite revoked with a reset"),
    pytest.param("share", disable_link, Unauthenticated, id="share link disabled"),
    pytest.param("share", rotate_link, Unauthenticated, id="share link rotated"),
    pytest.param("owner", reset_key, KeyRetired, id="owner key reset"),
    pytest.param("owner", suspend, Unauthenticated, id="owner suspended"),
    pytest.param("invite", suspend, Unauthenticated, id="tenant of an invite suspended"),
]


def principal(room: MadeRoom, who: str) -> Principal:
    match who:
        case "owner":
            return room.owner.owner
        case "invite":
            return room.guest
    return registry.resolve(room.share())


@pytest.mark.parametrize(("who", "ends", "refusal"), ENDS)
def test_a_right_that_ended_before_the_run_is_stored_carries_none(
    room: MadeRoom,
    bob: Person,
    worker: WorkerIdentity,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    ends: Callable[[MadeRoom], None],
    refusal: type[Exception],
) -> None:
    asking = principal(room, who)
    sealing = runs.handoff.seal

    def seal(*args: Any, **kwargs: Any) -> Any:
        ends(room)  # after the last look at the room and its key
        return sealing(*args, **kwargs)

    monkeypatch.setattr(runs.handoff, "seal", seal)
    with pytest.raises(refusal):
        factory.ask(asking, room, payer=bob)
    assert not Run.objects.exists()


@pytest.mark.parametrize(("who", "ends", "refusal"), ENDS)
def test_a_right_that_ends_while_the_run_is_stored_waits_and_stops_it(
    room: MadeRoom,
    bob: Person,
    worker: WorkerIdentity,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    ends: Callable[[MadeRoom], None],
    refusal: type[Exception],
) -> None:
    asking = principal(room, who)
    holding, ended = runs.charging.hold, []

    def end() -> None:
        try:
            ends(room)
        finally:
            connection.close()

    def hold(*args: Any, **kwargs: Any) -> Any:
        ended.append(pool.submit(end))
        assert not wait(ended, timeout=0.4).done, "nothing waited for the run that is being stored"
        return holding(*args, **kwargs)

    monkeypatch.setattr(runs.charging, "hold", hold)
    with ThreadPoolExecutor(1) as pool:
        run = factory.ask(asking, room, payer=bob)
        ending: Future[None] = ended[0]
        ending.result(timeout=20)
    run.refresh_from_db()
    if ends is not reset_key:  # which leaves work alone that was rightly begun
        assert run.cancel_requested_at is not None or run.status == RunStatus.CANCELLED


def test_a_key_that_is_reset_meanwhile_changes_no_trust(room: MadeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = room.owner.owner
    loaded, signing_key = selectors.load(owner, room.room_id), trust.seals.signing_key

    def sign(*args: Any) -> Any:
        key = signing_key(*args)
        reset_key(room)
        return key

    monkeypatch.setattr(trust.seals, "signing_key", sign)
    with pytest.raises(KeyRetired):
        trust.update(owner, loaded, TrustChange("pinned", ("aa",)))
    assert room.row.serial == 1


def test_a_key_that_is_reset_meanwhile_makes_no_new_link(room: MadeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = room.share()
    owner, open_room_key = room.owner.owner, share_links.opening.open_room_key

    def open_and_reset(*args: Any) -> bytes:
        key = open_room_key(*args)
        reset_key(room)
        return key

    monkeypatch.setattr(share_links.opening, "open_room_key", open_and_reset)
    with pytest.raises(KeyRetired):
        share_links.rotate(owner, room.row)
    assert registry.resolve(shared)
