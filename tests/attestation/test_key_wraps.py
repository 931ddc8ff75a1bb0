"""Keys wrapped for a holder: they open for that holder, in that room, and nowhere else."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import SealBroken, SealError
from attestation.sealing.context import wrap_context
from attestation.sealing.kdf import bearer_kek, new_key, new_salt
from attestation.sealing.wrap import WRAPPED_BYTES, key_id, unwrap_key, wrap_key

ROOM_KEY = b"r" * 32
KEK = b"k" * 32
ALICE, BOB = "hmk_" + "a" * 43, "hmq_" + "b" * 43
PLACE: dict[str, str] = {
    "kind": "room-key",
    "tenant_id": "t_aaaaaaaaaaaa",
    "room_id": "room_aaaaaaaaaaaa",
    "holder": "owner",
    "key_id": key_id(ROOM_KEY),
}


def place(**changes: str) -> bytes:
    return wrap_context(**(PLACE | changes))  # type: ignore[arg-type]


def test_a_wrapped_key_opens_for_its_holder() -> None:
    blob = wrap_key(KEK, ROOM_KEY, context=place())
    assert len(blob) == WRAPPED_BYTES
    assert unwrap_key(KEK, blob, context=place()) == ROOM_KEY
    assert ROOM_KEY not in blob


@pytest.mark.parametrize("field", PLACE)
def test_a_wrap_moved_to_another_place_does_not_open(field: str) -> None:
    blob = wrap_key(KEK, ROOM_KEY, context=place())
    with pytest.raises(SealBroken):
        unwrap_key(KEK, blob, context=place(**{field: "another"}))


def test_a_guest_s_wrap_put_into_the_owner_s_row_does_not_open_for_the_owner() -> None:
    """Carol must not make Alice encrypt under a key that Carol holds."""
    salt = new_salt()
    guest_place, owner_place = place(holder="query:1"), place()
    guests = wrap_key(bearer_kek(BOB, salt=salt, context=guest_place), b"c" * 32, context=guest_place)
    for context in (guest_place, owner_place):
        with pytest.raises(SealBroken):
            unwrap_key(bearer_kek(ALICE, salt=salt, context=owner_place), guests, context=context)


@given(st.integers(0, WRAPPED_BYTES * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    blob = bytearray(wrap_key(KEK, ROOM_KEY, context=place()))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        unwrap_key(KEK, bytes(blob), context=place())


@pytest.mark.parametrize("length", [0, 16, 48, WRAPPED_BYTES - 1, WRAPPED_BYTES + 1])
def test_a_blob_of_another_length_is_refused(length: int) -> None:
    blob = wrap_key(KEK, ROOM_KEY, context=place()) + b"x"
    with pytest.raises(SealBroken):
        unwrap_key(KEK, blob[:length], context=place())


def test_another_key_or_place_is_refused_by_the_commitment_before_anything_is_decrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blob = wrap_key(KEK, ROOM_KEY, context=place())

    def fail(*_: Any, **__: Any) -> bytes:
        raise AssertionError("decrypted under a key that was not committed to")

    monkeypatch.setattr("attestation.sealing.aead.open_sealed", fail)
    for kek, context in ((b"o" * 32, place()), (KEK, place(room_id="room_bbbbbbbbbbbb"))):
        with pytest.raises(SealBroken):
            unwrap_key(kek, blob, context=context)


def test_the_commitment_is_neither_the_encryption_key_nor_shared_between_wraps() -> None:
    one, other = (wrap_key(KEK, ROOM_KEY, context=place()) for _ in range(2))
    assert one[:16] != other[:16]
    assert one[16:48] != other[16:48]
    with pytest.raises(Exception):  # noqa: B017
        ChaCha20Poly1305(one[16:48]).decrypt(one[48:60], one[60:], place())


@pytest.mark.parametrize(("kek", "key", "context"), [(b"k", ROOM_KEY, b"c"), (KEK, b"r", b"c"), (KEK, ROOM_KEY, b"")])
def test_wrapping_needs_whole_keys_and_a_context(kek: bytes, key: bytes, context: bytes) -> None:
    with pytest.raises(SealError):
        wrap_key(kek, key, context=context)


def test_a_key_s_id_names_it_without_telling_it() -> None:
    keys = [new_key() for _ in range(50)]
    ids = {key_id(key) for key in keys}
    assert len(ids) == 50
    assert all(len(name) == 12 and set(name) <= set("0123456789abcdef") for name in ids)
    assert not any(key_id(key) in key.hex() for key in keys)
