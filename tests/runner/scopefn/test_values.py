"""What rows look like as JSON text."""

import datetime as dt
import json
import math
import uuid
from decimal import Decimal

import pytest

from runner.scopefn.answers import Allowed, Denied, Reading
from runner.scopefn.fullread import FullRead
from runner.scopefn.jsonrows import distinct_names, rows_to_json

UTC = dt.UTC
VALUES = [
    (10**30, 10**30),
    (Decimal("1.10"), "1.10"),
    (Decimal("NaN"), "NaN"),
    (1.5, 1.5),
    (math.nan, "NaN"),
    (math.inf, "Infinity"),
    (-math.inf, "-Infinity"),
    ([1.0, math.nan, {"x": -math.inf}], [1.0, "NaN", {"x": "-Infinity"}]),
    (dt.datetime(2024, 1, 2, 3, 4, 5, 6, UTC), "2024-01-02T03:04:05.000006+00:00"),
    (dt.date(2024, 1, 2), "2024-01-02"),
    (dt.time(3, 4), "03:04:00"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (b"\x00\xff", "AP8="),
    ({"deep": [1, None, True]}, {"deep": [1, None, True]}),
    ('Grüße 🐝\u2028"\\', 'Grüße 🐝\u2028"\\'),
    (True, True),
    (None, None),
]


@pytest.mark.parametrize(("value", "shown"), VALUES)
def test_a_value_keeps_its_meaning_through_a_scope_function(decide, value: object, shown: object) -> None:
    answer = decide("return {'allow': True, 'rows': rows}", value)
    assert json.loads(answer.json_text) == [{"a": shown}]


@pytest.mark.parametrize(("value", "shown"), VALUES)
def test_a_full_read_shows_the_same(value: object, shown: object) -> None:
    answer = FullRead().show(Reading("", (), ("a",), [(value,)]))
    assert isinstance(answer, Allowed)
    assert json.loads(answer.json_text) == [{"a": shown}]


def test_the_function_works_with_real_values(decide) -> None:
    body = "return {'allow': True, 'rows': [{'a': r['a'] * 2} for r in rows]}"
    assert decide(body, Decimal("0.1")).json_text == '[{"a": "0.2"}]'


def test_moments_can_be_compared_and_written(decide) -> None:
    body = "return {'allow': True, 'rows': [{'y': r['a'].year, 's': r['a'].strftime('%Y %Z')} for r in rows]}"
    answer = decide(body, dt.datetime(2024, 1, 2, tzinfo=UTC))
    assert json.loads(answer.json_text) == [{"y": 2024, "s": "2024 UTC"}]


def test_half_a_surrogate_pair_is_replaced(decide) -> None:
    assert decide("return {'allow': True, 'rows': [{'a': '\\ud800'}]}").json_text == '[{"a": "?"}]'


@pytest.mark.parametrize("key", ["(1, 2)", "None", "1.5"])
def test_odd_keys_are_written_or_denied_but_never_fatal(start, key: str) -> None:
    function = start(f"def scope(sql, params, rows):\n    return {{'allow': True, 'rows': [{{{key}: 1}}]}}")
    for _ in range(2):
        answer = function.apply(sql="", params=[], columns=[], rows=[])
        assert isinstance(answer, Denied if key == "(1, 2)" else Allowed)


@pytest.mark.parametrize(
    "body",
    [
        "x = []\nx.append(x)\nreturn {'allow': True, 'rows': [{'a': x}]}",
        "x = []\nfor i in range(10**5):\n    x = [x]\nreturn {'allow': True, 'rows': [{'a': x}]}",
        "return {'allow': True, 'rows': [{'a': 10**5000}]}",
    ],
)
def test_what_json_can_not_hold_is_denied(decide, body: str) -> None:
    assert decide(body).reason == "scope function returned rows that can't be written as JSON"


def test_sets_are_lists_and_strange_objects_are_text(decide) -> None:
    assert decide("return {'allow': True, 'rows': [{'a': {1}, 'b': (2,)}]}").json_text == '[{"a": [1], "b": [2]}]'


def test_columns_of_one_name_are_kept_apart() -> None:
    assert distinct_names(["a", "a", "b", "a"]) == ["a", "a_2", "b", "a_3"]
    assert distinct_names(["a", "a", "a_2"]) == ["a", "a_3", "a_2"]
    assert distinct_names(["?column?", "?column?"]) == ["?column?", "?column?_2"]


def test_a_result_that_is_too_long_says_so_and_holds_what_fits() -> None:
    rows = [{"a": "x" * 10} for _ in range(1000)]
    text, truncated = rows_to_json(rows, limit_chars=2_000)
    shown = json.loads(text)
    assert truncated
    assert shown["truncated"] is True
    assert shown["original_row_count"] == 1000
    assert shown["returned_row_count"] == len(shown["rows"]) > 80
    assert len(text) < 2_000 + 300
    assert shown["note"]


def test_one_huge_row_ends_instead_of_going_on_for_ever() -> None:
    text, truncated = rows_to_json([{"a": "x" * 10**6}, {"a": 1}], limit_chars=1000)
    shown = json.loads(text)
    assert truncated and shown["rows"] == [] and shown["original_row_count"] == 2


def test_the_longest_result_that_fits_is_a_plain_array() -> None:
    rows = [{"a": 1}] * 250
    exact = len(json.dumps(rows))
    assert rows_to_json(rows, limit_chars=exact) == (json.dumps(rows), False)
    assert rows_to_json(rows, limit_chars=exact - 1)[1] is True


def test_rows_that_were_not_all_read_are_never_shown_as_all() -> None:
    text, truncated = rows_to_json([{"a": 1}], limit_chars=1000, cut=True)
    assert truncated and json.loads(text)["rows"] == [{"a": 1}]


def test_no_rows_are_an_empty_array() -> None:
    assert rows_to_json([], limit_chars=10) == ("[]", False)
