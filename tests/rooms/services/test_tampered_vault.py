"""Vault rows that were deleted, added, swapped, moved or changed in the database: the whole vault is refused."""

from collections.abc import Callable

import pytest

from hivemind.kit import clock
from rooms.errors import RoomRevoked, VaultDamaged
from rooms.models import Room, VaultItem
from rooms.services import opening, vault
from rooms.services.vault import NewItem
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person


@pytest.fixture
def filled(alice: Person, room: MadeRoom) -> MadeRoom:
    """A room with three items."""
    for text in ("one", "two", "three"):
        vault.add(alice.owner, room.row, NewItem(text, {"about": text}))
    return room


def _items() -> list[VaultItem]:
    return list(VaultItem.objects.order_by("position"))


def _delete_one(filled: MadeRoom) -> None:
    _items()[1].delete()


def _delete_all(filled: MadeRoom) -> None:
    VaultItem.objects.all().delete()


def _swap_content(filled: MadeRoom) -> None:
    first, second, _ = _items()
    first.sealed, second.sealed = second.sealed, first.sealed
    first.save()
    second.save()


def _swap_positions(filled: MadeRoom) -> None:
    first, second, _ = _items()
    VaultItem.objects.filter(pk=first.pk).update(position=99)
    VaultItem.objects.filter(pk=second.pk).update(position=first.position)
    VaultItem.objects.filter(pk=first.pk).update(position=second.position)


def _shift_positions(filled: MadeRoom) -> None:
    last = _items()[-1]
    VaultItem.objects.filter(pk=last.pk).update(position=last.position + 1)


def _duplicate(filled: MadeRoom) -> None:
    copy = _items()[0]
    copy.pk, copy.position = "rvi_0123456789abcdef", 4
    copy.save(force_insert=True)


def _add_from_another_room(filled: MadeRoom) -> None:
    other = rooms.room(filled.owner)
    vault.add(filled.owner.owner, other.row, NewItem("foreign", {}))
    VaultItem.objects.filter(room_id=other.room_id).update(room_id=filled.room_id, position=4)


def _replace_with_another_rooms_vault(filled: MadeRoom) -> None:
    other = rooms.room(filled.owner)
    vault.add(filled.owner.owner, other.row, NewItem("foreign", {}))
    VaultItem.objects.filter(room_id=filled.room_id).delete()
    VaultItem.objects.filter(room_id=other.room_id).update(room_id=filled.room_id)
    Room.objects.filter(pk=filled.room_id).update(vault_index=other.row.vault_index)


def _flip_a_bit(filled: MadeRoom) -> None:
    item = _items()[0]
    changed = bytearray(bytes(item.sealed))
    changed[-1] ^= 1
    VaultItem.objects.filter(pk=item.pk).update(sealed=bytes(changed))


def _rename(filled: MadeRoom) -> None:
    VaultItem.objects.filter(pk=_items()[0].pk).update(id="rvi_0123456789abcdef")


def _forget_the_list(filled: MadeRoom) -> None:
    Room.objects.update(vault_index=b"")


def _flip_the_list(filled: MadeRoom) -> None:
    changed = bytearray(bytes(filled.row.vault_index))
    changed[15] ^= 1
    Room.objects.update(vault_index=bytes(changed))


TWINS: list[Callable[[MadeRoom], None]] = [
    _delete_one,
    _delete_all,
    _swap_content,
    _swap_positions,
    _shift_positions,
    _duplicate,
    _add_from_another_room,
    _replace_with_another_rooms_vault,
    _flip_a_bit,
    _rename,
    _forget_the_list,
    _flip_the_list,
]


@pytest.mark.parametrize("tamper", TWINS)
def test_a_tampered_vault_is_read_by_nobody(filled: MadeRoom, tamper: Callable[[MadeRoom], None]) -> None:
    tamper(filled)
    answer = filled.owner.client.get(f"{filled.url}/data")
    assert (answer.status_code, answer.json()["code"]) == (409, "vault_damaged")
    key = opening.open_room_key(filled.guest, filled.row)
    with pytest.raises(VaultDamaged):
        vault.snapshot(filled.row, key)


@pytest.mark.parametrize("tamper", [t for t in TWINS if t not in (_swap_content, _flip_a_bit)])
def test_a_tampered_vault_takes_no_more_items(filled: MadeRoom, tamper: Callable[[MadeRoom], None]) -> None:
    tamper(filled)
    before = VaultItem.objects.count()
    assert post(filled.owner.client, f"{filled.url}/data", {"text": "x"}).status_code == 409
    assert VaultItem.objects.count() == before


def test_a_run_notices_an_empty_vault_whose_list_was_made_up(room: MadeRoom) -> None:
    Room.objects.update(vault_index=b"x" * 28)
    key = opening.open_room_key(room.guest, room.row)
    with pytest.raises(VaultDamaged):
        vault.snapshot(room.row, key)


def test_an_earlier_state_of_one_item_does_not_come_back(filled: MadeRoom) -> None:
    item = _items()[2]
    vault.delete(filled.owner.owner, filled.row, item.pk)
    item.save(force_insert=True)
    assert filled.owner.client.get(f"{filled.url}/data").status_code == 409


def test_times_shown_are_the_sealed_ones(filled: MadeRoom) -> None:
    before = filled.owner.client.get(f"{filled.url}/data").json()
    VaultItem.objects.update(created_at=clock.now(), size_bytes=1)
    assert filled.owner.client.get(f"{filled.url}/data").json() == before


def test_a_run_reads_the_whole_vault_in_order(filled: MadeRoom) -> None:
    key = opening.open_room_key(filled.guest, filled.row)
    read = vault.snapshot(filled.row, key)
    assert [(entry.text, entry.metadata) for entry in read] == [
        (text, {"about": text}) for text in ("one", "two", "three")
    ]
    assert vault.count(filled.row) == 3
    assert "one" not in repr(read) and "about" not in repr(read)


def test_a_run_gets_nothing_from_a_room_that_was_revoked_meanwhile(filled: MadeRoom) -> None:
    owner, row = filled.owner.owner, filled.row
    key = opening.open_room_key(filled.guest, row)
    filled.owner.client.delete(filled.url)
    for deed in (lambda: vault.snapshot(row, key), lambda: vault.add(owner, row, NewItem("x", {}))):
        with pytest.raises(RoomRevoked):
            deed()
