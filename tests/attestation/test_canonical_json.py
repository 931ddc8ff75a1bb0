import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.canonical import PIN_V1, ROOM_V1
from attestation.errors import CanonicalError

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "canonical.json").read_text())["cases"]

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_both_forms_have_the_exact_bytes(case: dict[str, Any]) -> None:
    encoded = ROOM_V1.encode(case["value"])
    assert encoded.hex() == case["utf8_hex"]
    assert encoded.decode() == case["canonical_text"]
    assert hashlib.sha256(encoded).hexdigest() == case["sha256"]
    if "ascii_variant_text" in case:
        assert PIN_V1.encode(case["value"]).decode() == case["ascii_variant_text"]


def test_the_escaped_form_escapes_delete_and_splits_high_code_points() -> None:
    assert PIN_V1.encode("\x7f\U0001f512") == b'"\\u007f\\ud83d\\udd12"'
    assert ROOM_V1.encode("\x7f/\u2028") == '"\x7f/\u2028"'.encode()


@pytest.mark.parametrize("form", [ROOM_V1, PIN_V1], ids=lambda form: form.name)
@given(value=values)
def test_decoding_gives_the_value_back_and_encoding_again_the_same_bytes(form: Any, value: Any) -> None:
    encoded = form.encode(value)
    assert form.decode_strict(encoded) == value
    assert form.encode(form.decode_strict(encoded)) == encoded


def test_a_whole_second_stays_a_float_and_differs_from_the_integer() -> None:
    assert ROOM_V1.encode({"t": 1.0}) == b'{"t":1.0}'
    assert ROOM_V1.encode({"t": 1}) == b'{"t":1}'
    assert ROOM_V1.encode({"t": True}) == b'{"t":true}'


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        "\ud800",
        {"\udfff": 1},
        {1: "a"},
        {None: 1},
        {True: 1},
        b"bytes",
        {1, 2},
        ...,
        [[b""]],
    ],
    ids=repr,
)
def test_what_has_no_single_form_is_refused(value: object) -> None:
    for form in (ROOM_V1, PIN_V1):
        with pytest.raises(CanonicalError):
            form.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":1,"\\u0061":2}',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b'"\xff"',
        b"",
        b"{",
        b"{} {}",
        b"[" * 100_000,
        b"[" * 70 + b"]" * 70,
        b"9" * 5000,
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_json_that_two_readers_could_read_differently_is_refused(data: bytes) -> None:
    with pytest.raises(CanonicalError):
        ROOM_V1.decode_strict(data)


def test_nesting_has_a_limit_on_the_way_out_too() -> None:
    value: object = 1
    for _ in range(70):
        value = [value]
    with pytest.raises(CanonicalError):
        ROOM_V1.encode(value)


def test_white_space_and_order_are_forgiven_when_reading() -> None:
    assert ROOM_V1.decode_strict(b' { "b" : 1 , "a" : [ ] } ') == {"a": [], "b": 1}
