import inspect
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import SealBroken, SealError, TokenError
from attestation.sealing import context as contexts
from attestation.sealing.aead import open_sealed, seal
from attestation.sealing.kdf import bearer_kek, new_key, new_salt

KEY, OTHER_KEY, HERE = b"k" * 32, b"o" * 32, b"here"
BUILDERS = [
    contexts.wrap_context,
    contexts.vault_item_context,
    contexts.vault_index_context,
    contexts.source_file_context,
    contexts.build_log_context,
    contexts.prompt_context,
    contexts.output_context,
    contexts.artifact_context,
    contexts.secret_context,
    contexts.handoff_context,
]
BEARER = "hmk_" + "a" * 43


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=50))
def test_what_was_sealed_opens_with_the_same_key_in_the_same_place(plaintext: bytes, context: bytes) -> None:
    assert open_sealed(KEY, seal(KEY, plaintext, context=context), context=context) == plaintext


@given(st.binary(max_size=20), st.data())
def test_any_flipped_bit_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    blob = bytearray(seal(KEY, plaintext, context=HERE))
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        open_sealed(KEY, bytes(blob), context=HERE)


@given(st.integers(0, 40))
def test_any_cut_or_lengthened_blob_is_refused(length: int) -> None:
    blob = seal(KEY, b"thirteen byte", context=HERE)
    for changed in (blob[:length], blob + b"x" * (length + 1)):
        with pytest.raises(SealBroken):
            open_sealed(KEY, changed, context=HERE)


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_another_place_opens_nothing(one: bytes, other: bytes) -> None:
    blob = seal(KEY, b"x", context=one)
    if one != other:
        with pytest.raises(SealBroken):
            open_sealed(KEY, blob, context=other)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        open_sealed(OTHER_KEY, seal(KEY, b"x", context=HERE), context=HERE)


def test_sealing_twice_gives_different_bytes() -> None:
    assert seal(KEY, b"x", context=HERE) != seal(KEY, b"x", context=HERE)


@pytest.mark.parametrize(("key", "context"), [(b"short", HERE), (b"", HERE), (KEY, b"")])
def test_sealing_without_a_proper_key_or_place_is_refused(key: bytes, context: bytes) -> None:
    with pytest.raises(SealError):
        seal(key, b"x", context=context)
    with pytest.raises(SealError):
        open_sealed(key, b"x" * 40, context=context)


def test_an_error_says_nothing_about_content_or_key() -> None:
    blob = seal(KEY, b"the diary", context=HERE)
    with pytest.raises(SealBroken) as refused:
        open_sealed(OTHER_KEY, blob, context=HERE)
    assert "diary" not in str(refused.value)
    assert refused.value.args == (SealBroken.sentence,)


def build(builder: Callable[..., bytes], values: list[str]) -> bytes:
    names = list(inspect.signature(builder).parameters)
    return builder(**dict(zip(names, values, strict=True)))


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: builder.__name__)
def test_every_field_of_a_context_counts(builder: Callable[..., bytes]) -> None:
    names = list(inspect.signature(builder).parameters)
    base = ["x"] * len(names)
    variants = [base, *([*base[:i], "y", *base[i + 1 :]] for i in range(len(names)))]
    assert len({build(builder, values) for values in variants}) == len(variants)


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: builder.__name__)
@given(data=st.data())
def test_moving_a_character_over_a_field_s_border_changes_the_context(
    builder: Callable[..., bytes], data: st.DataObject
) -> None:
    count = len(inspect.signature(builder).parameters)
    short = st.text(st.sampled_from("a|\x00"), max_size=3)
    one, other = (data.draw(st.lists(short, min_size=count, max_size=count)) for _ in range(2))
    assert (build(builder, one) == build(builder, other)) == (one == other)


def test_no_two_kinds_share_a_context() -> None:
    by_length = [build(builder, ["x"] * len(inspect.signature(builder).parameters)) for builder in BUILDERS]
    assert all(one != other for one, other in itertools.combinations(by_length, 2))
    assert contexts.wrap_context("item", tenant_id="a", room_id="b", holder="c", key_id="d") != (
        contexts.vault_item_context(tenant_id="a", room_id="b", item_id="c", key_id="d")
    )


def test_a_name_that_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(SealError):
        contexts.secret_context(tenant_id="\ud800", kind="x")


def test_a_bearer_gives_one_key_per_salt_and_context() -> None:
    salt = new_salt()
    key = bearer_kek(BEARER, salt=salt, context=HERE)
    assert len(key) == 32
    assert key == bearer_kek(BEARER, salt=salt, context=HERE)
    others = [
        bearer_kek(BEARER, salt=new_salt(), context=HERE),
        bearer_kek(BEARER, salt=salt, context=b"there"),
        bearer_kek("hmk_" + "b" * 43, salt=salt, context=HERE),
        bearer_kek("hmq_" + "a" * 43, salt=salt, context=HERE),
    ]
    assert len({key, *others}) == 5


@pytest.mark.parametrize("bearer", ["", "password", "hmk_", "hmk_short", "hmk_" + "a b" * 20])
def test_nothing_but_a_token_is_ever_derived_from(bearer: str) -> None:
    with pytest.raises(TokenError):
        bearer_kek(bearer, salt=new_salt(), context=HERE)


@pytest.mark.parametrize(("salt", "context"), [(b"", HERE), (b"s" * 15, HERE), (b"s" * 16, b"")])
def test_a_derivation_without_salt_or_context_is_refused(salt: bytes, context: bytes) -> None:
    with pytest.raises(SealError):
        bearer_kek(BEARER, salt=salt, context=context)


def test_fresh_keys_and_salts_are_fresh() -> None:
    assert len({new_key() for _ in range(50)}) == len({new_salt() for _ in range(50)}) == 50
    assert (len(new_key()), len(new_salt())) == (32, 16)
