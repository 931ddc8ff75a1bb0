import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.encoding import b64, unb64, unhex
from attestation.errors import BadKey, BadSignature, EncodingError, KernelError
from attestation.keys import SigningKey, VerifyKey, derive_room_signing_key, derive_run_signer

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "keys.json").read_text())

# Encodings of the points of small order, and of y values that are not reduced.
WEAK_KEYS = [
    "00" * 32,
    "01" + "00" * 31,
    "00" * 31 + "80",
    "01" + "00" * 30 + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ec" + "ff" * 30 + "7f",
    "ec" + "ff" * 31,
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
    "ff" * 32,
]


@pytest.mark.parametrize("case", GOLDEN["owner"], ids=lambda case: case["pubkey_b64"])
def test_an_owner_key_leads_to_the_signing_key_that_links_name(case: dict[str, Any]) -> None:
    key = derive_room_signing_key(case["token"], tenant_id=case["tenant_id"])
    assert key.seed.hex() == case["seed_hex"]
    assert key.public_b64 == case["pubkey_b64"]
    assert SigningKey.from_seed(key.seed).public == key.public == VerifyKey.from_b64(case["pubkey_b64"])


def test_the_run_signer_follows_from_the_first_32_bytes_of_the_guest_key() -> None:
    golden = GOLDEN["run_signer"]
    guest_key = bytes.fromhex(golden["kms_key_hex"])
    for longer in (guest_key, guest_key + b"more"):
        key = derive_run_signer(longer)
        assert key.seed.hex() == golden["seed_hex"]
        assert key.public_b64 == golden["pubkey_b64"]


def test_a_guest_key_that_is_too_short_makes_no_signer() -> None:
    with pytest.raises(KernelError):
        derive_run_signer(b"k" * 31)


@given(st.binary(max_size=100), st.integers(0, 511))
def test_a_signature_holds_for_its_own_bytes_and_for_nothing_else(data: bytes, bit: int) -> None:
    key = SigningKey.from_seed(b"s" * 32)
    signature = key.sign(data)
    key.public.verify(signature, data)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    for bad_signature, bad_data in (
        (bytes(flipped), data),
        (signature, data + b"x"),
        (signature[:-1], data),
        (b"", data),
    ):
        with pytest.raises(BadSignature):
            key.public.verify(bad_signature, bad_data)


def test_another_key_does_not_verify(alice: SigningKey, carol: SigningKey) -> None:
    with pytest.raises(BadSignature):
        carol.public.verify(alice.sign(b"data"), b"data")


@pytest.mark.parametrize("raw", WEAK_KEYS)
def test_keys_under_which_anybody_can_sign_are_refused(raw: str) -> None:
    with pytest.raises(BadKey):
        VerifyKey.from_b64(b64(bytes.fromhex(raw)))


@pytest.mark.parametrize("text", ["", "AA+B/=", "x", b64(b"k" * 31), b64(b"k" * 33), " " + b64(b"k" * 32), "é" * 44])
def test_text_that_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        VerifyKey.from_b64(text)


def test_a_signing_key_shows_its_public_half_only() -> None:
    key = SigningKey.generate()
    for shown in (repr(key), str(key), f"{[key]}"):
        assert key.public_b64 in shown
        assert key.seed.hex() not in shown
        assert b64(key.seed) not in shown
        assert repr(key.seed) not in shown


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(KernelError):
        SigningKey.from_seed(b"short")


@given(st.binary(max_size=80))
def test_base64_has_one_spelling(data: bytes) -> None:
    assert unb64(b64(data)) == data


@pytest.mark.parametrize("text", ["AB==", "A", "AAA", "AA=", "AA==\n", "AA ==", "-_8=", "AAAA=", "ÀA=="])
def test_base64_in_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        unb64(text)


@pytest.mark.parametrize(("text", "length"), [("AB", None), ("abc", None), ("0x00", None), ("ab ", None), ("abab", 1)])
def test_hex_in_any_other_spelling_or_length_is_refused(text: str, length: int | None) -> None:
    assert unhex("00ff", 2) == b"\x00\xff"
    with pytest.raises(EncodingError):
        unhex(text, length)
