"""Two requests at once: one of two trust updates wins, and every vault item counts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from rooms.errors import RoomRevoked, TrustChangedMeanwhile
from rooms.models import RoomKeyWrap, ShareLink
from rooms.selectors import rooms as selectors
from rooms.services import rooms as services
from rooms.services import share_links, trust, vault
from rooms.services.trust import TrustChange
from rooms.services.vault import NewItem
from tests.factories import rooms, tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice() -> Person:
    """An owner whose rows other connections see."""
    return tenants.with_database(tenants.alice())


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    """A room that other connections see."""
    return rooms.room(alice)


def at_once(count: int, deed: Callable[[int], object]) -> list[object]:
    """What each of `count` simultaneous calls returned or raised."""
    gate = Barrier(count)

    def call(number: int) -> object:
        gate.wait()
        try:
            return deed(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def test_of_two_updates_of_the_same_version_one_wins(alice: Person, room: MadeRoom) -> None:
    owner = alice.owner
    first, second = (selectors.load(owner, room.room_id) for _ in range(2))
    won = trust.update(owner, first, TrustChange(mode="pinned", allowed_composes=("aa",)))
    with pytest.raises(TrustChangedMeanwhile):
        trust.update(owner, second, TrustChange(mode="pinned", allowed_composes=("bb",)))
    stored = selectors.load(owner, room.room_id)
    assert stored.verified.canonical == won.verified.canonical
    assert stored.room.serial == 2


def test_serials_never_repeat_however_many_update(alice: Person, room: MadeRoom) -> None:
    owner = alice.owner

    def update(number: int) -> int:
        loaded = selectors.load(owner, room.room_id)
        return trust.update(owner, loaded, TrustChange("pinned", (f"{number:02x}",))).room.serial

    results = at_once(6, update)
    serials = [result for result in results if isinstance(result, int)]
    lost = [result for result in results if isinstance(result, TrustChangedMeanwhile)]
    assert len(serials) + len(lost) == 6 and len(set(serials)) == len(serials) >= 1
    assert selectors.load(owner, room.room_id).room.serial == 1 + len(serials)


def test_items_added_at_once_are_all_there(alice: Person, room: MadeRoom) -> None:
    owner, row = alice.owner, room.row
    added = at_once(8, lambda number: vault.add(owner, row, NewItem(str(number), {})))
    assert not [result for result in added if isinstance(result, Exception)]
    assert sorted(entry.text for entry in vault.items_for(owner, row)) == [str(number) for number in range(8)]


def test_a_vault_is_read_whole_while_it_changes(alice: Person, room: MadeRoom) -> None:
    owner, row = alice.owner, room.row
    for number in range(3):
        vault.add(owner, row, NewItem(str(number), {}))

    def mixed(number: int) -> object:
        if number % 2:
            return [vault.delete(owner, row, vault.add(owner, row, NewItem("x", {})).item_id) for _ in range(5)]
        return [len(vault.items_for(owner, row)) for _ in range(10)]

    results = at_once(4, mixed)
    assert not [result for result in results if isinstance(result, Exception)]
    assert len(vault.items_for(owner, row)) == 3


def test_a_link_enabled_at_once_is_made_once(alice: Person, room: MadeRoom) -> None:
    owner, row = alice.owner, room.row
    results = at_once(4, lambda _: share_links.enable(owner, row))
    shared = [result for result in results if isinstance(result, share_links.Shared)]
    assert len(shared) == 4 and len([each for each in shared if each.token]) == 1
    assert ShareLink.objects.count() == 1
    assert RoomKeyWrap.objects.filter(holder__startswith="share").count() == 1


def test_revoking_wins_over_everything_that_makes_a_right(alice: Person, room: MadeRoom) -> None:
    owner, row = alice.owner, room.row

    def deed(number: int) -> object:
        match number:
            case 0:
                return services.revoke(owner, room.room_id)
            case 1:
                return share_links.enable(owner, row)
            case _:
                return vault.add(owner, row, NewItem("x", {}))

    results = at_once(4, deed)
    assert all(isinstance(result, RoomRevoked) or not isinstance(result, Exception) for result in results)
    assert not ShareLink.objects.exists()
    assert set(RoomKeyWrap.objects.values_list("holder", flat=True)) == {"owner"}


def test_a_room_that_was_revoked_meanwhile_takes_no_update(alice: Person, room: MadeRoom) -> None:
    owner = alice.owner
    loaded = selectors.load(owner, room.room_id)
    services.revoke(owner, room.room_id)
    with pytest.raises(TrustChangedMeanwhile):
        trust.update(owner, loaded, TrustChange())
    for deed in (lambda: share_links.enable(owner, loaded.room), lambda: share_links.rotate(owner, loaded.room)):
        with pytest.raises(RoomRevoked):
            deed()
