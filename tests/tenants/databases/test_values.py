"""SQL values keep their meaning in JSON."""

import json

import pytest

from tenants.services import sql
from tests.factories.tenants import alice, with_database


@pytest.fixture
def owner(db: None):
    return with_database(alice()).owner


def value(owner, expression: str):
    (row,) = sql.run(owner, f"SELECT {expression} AS v").rows
    return row["v"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("9223372036854775807", 9223372036854775807),
        ("count(*)", 1),
        ("true", True),
        ("NULL", None),
        ("'text with 100% Ünïcode 🐝'", "text with 100% Ünïcode 🐝"),
        ("1.10::numeric", "1.10"),
        ("0.1::numeric + 0.2::numeric", "0.3"),
        ("123456789012345678901234567890.5::numeric", "123456789012345678901234567890.5"),
        ("'NaN'::numeric", "NaN"),
        ("0.5::float8", 0.5),
        ("'NaN'::float8", "NaN"),
        ("'-Infinity'::float8", "-Infinity"),
        ("'2026-03-01'::date", "2026-03-01"),
        ("'0044-03-15 BC'::date", "0044-03-15 BC"),
        ("'12026-01-01'::date", "12026-01-01"),
        ("'2026-03-01 10:00:00'::timestamp", "2026-03-01T10:00:00"),
        ("'2026-03-01 10:00:00.123456+02'::timestamptz", "2026-03-01T08:00:00.123456+00:00"),
        ("'12026-03-01 10:00:00'::timestamp", "12026-03-01T10:00:00"),
        ("'infinity'::timestamptz", "infinity"),
        ("'10:00'::time", "10:00:00"),
        ("'10:00+02'::timetz", "10:00:00+02:00"),
        ("'1 day 2 hours'::interval", "P1DT2H"),
        (r"'\x00ff'::bytea", "AP8="),
        ("'6f1e1b1e-0000-4000-8000-000000000001'::uuid", "6f1e1b1e-0000-4000-8000-000000000001"),
        ("'10.0.0.1'::inet", "10.0.0.1"),
        ("int4range(1, 5)", "[1,5)"),
        ("array[1, NULL, 3]", [1, None, 3]),
        ("array[[1.5, 2], [3, 4]]::numeric[]", [["1.5", "2"], ["3", "4"]]),
        ("array['2026-03-01 10:00'::timestamp]", ["2026-03-01T10:00:00"]),
        ("row(1, 'a')", "(1,a)"),
        ("""'{"a": [1, 2.5, null, "x"]}'::jsonb""", {"a": [1, 2.5, None, "x"]}),
        ("""'{"a": 0.1234567890123456789}'::jsonb""", {"a": "0.1234567890123456789"}),
        ("'12345678901234567890123'::jsonb", 12345678901234567890123),
        ("'1e400'::json", "1e400"),
        (r"""'"\ud800"'::json""", r'"\ud800"'),
    ],
)
def test_a_value_keeps_its_meaning(owner, expression, expected):
    found = value(owner, expression)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    "expression",
    ["repeat('[', 900)::text || repeat(']', 900)", "'1' || repeat('0', 5000)", "repeat('[', 100) || repeat(']', 100)"],
)
def test_json_that_could_not_be_carried_comes_as_its_text(owner, expression):
    found = value(owner, f"({expression})::json")
    assert isinstance(found, str)
    json.dumps(found)


def test_columns_of_one_name_are_kept_apart(owner):
    (row,) = sql.run(owner, "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a").rows
    assert row == {"a": 1, "a_3": 2, "a_2": 3, "a_4": 4} or row == {"a": 1, "a_3": 2, "a_2": 3, "a_4": 4}
    assert sorted(row.values()) == [1, 2, 3, 4]


def test_another_date_style_is_handed_on_as_written(owner):
    rows = sql.run(owner, "SET datestyle = 'German'; SELECT '2026-03-01 10:00'::timestamp AS v").rows
    assert rows == [{"v": "01.03.2026 10:00:00"}]
