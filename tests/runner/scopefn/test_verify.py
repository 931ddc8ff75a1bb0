"""Trying out a function for its author."""

import pytest

from runner.scopefn import verify
from runner.scopefn.limits import ScopeLimits

HEAD = "def scope(sql, params, rows):\n"

ADULTS = """
def scope(sql, params, rows):
    if 'names' in sql:
        return {'allow': len(rows) > 5, 'rows': rows, 'error': 'names are private'}
    return {'allow': True, 'rows': [{'age': r['age']} for r in rows if r['age'] >= 18]}
"""
ROWS = [{"name": "Alice", "age": 40}, {"name": "Bob", "age": 12}]


def tried(**test):
    result = verify.answer({"source": ADULTS, "tests": [{"sql": "SELECT", "rows": ROWS, **test}]})
    return result["results"][0]


def test_a_function_that_does_what_is_expected_passes() -> None:
    answer = verify.answer(
        {
            "source": ADULTS,
            "tests": [
                {
                    "sql": "SELECT age FROM people",
                    "params": [],
                    "rows": ROWS,
                    "expect_allow": True,
                    "expect_min_rows": 1,
                    "expect_rows": [{"age": 40}],
                    "label": "adults only",
                },
                {"sql": "SELECT names", "rows": ROWS, "expect_allow": False},
            ],
        }
    )
    assert answer["compiles"] is True and answer["compile_error"] is None
    assert answer["all_tests_passed"] is True
    assert answer["results"][0] == {
        "label": "adults only",
        "sql": "SELECT age FROM people",
        "allow": True,
        "error": None,
        "rows_returned": 1,
        "expected_allow": True,
        "expected_min_rows": 1,
        "expected_rows": [{"age": 40}],
        "rows_preview": [{"age": 40}],
        "passed": True,
    }
    assert answer["results"][1]["error"] == "names are private"
    assert answer["results"][1]["rows_returned"] == 0


@pytest.mark.parametrize(
    "expectation",
    [
        {"expect_allow": False},
        {"expect_min_rows": 2},
        {"expect_rows": [{"age": 12}]},
        {"expect_rows": [{"age": 40, "name": "Alice"}]},
        {"expect_allow": True, "expect_min_rows": 1, "expect_rows": [{"age": 41}]},
    ],
)
def test_an_expectation_that_is_not_met_fails(expectation: dict) -> None:
    assert tried(**expectation)["passed"] is False


def test_without_expectations_nothing_passes_or_fails() -> None:
    assert tried()["passed"] is None
    assert verify.answer({"source": ADULTS, "tests": [{"sql": ""}]})["all_tests_passed"] is True


def test_the_author_sees_why_it_failed() -> None:
    result = tried(rows=[{"name": "Carol"}], expect_allow=True)
    assert result["passed"] is False and result["allow"] is False
    assert "KeyError" in result["error"] and "age" in result["error"] and "line" in result["error"]


def test_a_source_that_does_not_compile_is_an_answer() -> None:
    answer = verify.answer({"source": "import os", "tests": [{"sql": "x"}]})
    assert answer["compiles"] is False and answer["all_tests_passed"] is False and answer["results"] == []
    assert "only function definitions" in answer["compile_error"]


def test_compiling_alone_may_be_asked() -> None:
    assert verify.answer({"source": ADULTS, "tests": []})["all_tests_passed"] is True


def test_long_statements_and_many_rows_are_shown_in_part() -> None:
    result = tried(sql="x" * 500, rows=[{"age": 20 + i} for i in range(10)])
    assert len(result["sql"]) == 200
    assert result["rows_returned"] == 10 and len(result["rows_preview"]) == 3


def test_one_endless_test_does_not_spoil_the_others() -> None:
    source = HEAD + "    while sql == 'loop':\n        pass\n    return {'allow': True, 'rows': rows}"
    tests = [{"sql": "loop", "expect_allow": True}, {"sql": "ok", "expect_allow": True}]
    answer = verify.answer({"source": source, "tests": tests}, limits=ScopeLimits(call_seconds=0.5))
    assert [result["passed"] for result in answer["results"]] == [False, True]
    assert answer["all_tests_passed"] is False


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"source": 5},
        {"source": "x", "tests": "y"},
        {"source": "x", "tests": ["y"]},
        {"source": "x", "tests": [{}]},
        {"source": "x", "tests": [{"sql": "s", "rows": [1]}]},
        {"source": "x", "tests": [{"sql": "s", "expect_rows": ["r"]}]},
        {"source": "x", "tests": [{"sql": "s", "expect_min_rows": "2"}]},
        {"source": "x", "tests": [{"sql": "s"}] * 201},
    ],
)
def test_a_malformed_request_is_told_apart(request_body: dict) -> None:
    with pytest.raises(verify.VerifyRequestInvalid):
        verify.answer(request_body)


def test_unknown_keys_and_nulls_are_ignored() -> None:
    assert tried(expect_allow=None, label=None, params=None, future=1)["passed"] is None


def test_rows_too_deep_to_hand_over_are_a_denial() -> None:
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    assert tried(rows=[{"age": 20, "x": deep}])["allow"] is False
