"""Whatever is not an explicit allow with a list of dicts is a deny."""

import json

import pytest

from runner.scopefn.answers import Allowed, Denied, Reading
from runner.scopefn.client import read_answer
from runner.scopefn.errors import SandboxBreach

HEAD = "def scope(sql, params, rows):\n"


@pytest.mark.parametrize("allow", ["True", "1", "len(rows)", "len(rows) > 0", "any([True])"])
def test_an_explicit_allow_shows_the_rows(decide, allow: str) -> None:
    answer = decide(f"return {{'allow': {allow}, 'rows': rows}}", 1, "x", None)
    assert isinstance(answer, Allowed)
    assert json.loads(answer.json_text) == [{"a": 1}, {"a": "x"}, {"a": None}]
    assert (answer.row_count, answer.truncated) == (3, False)


@pytest.mark.parametrize(
    "result",
    [
        *("None", "True", "rows", "[]", "{}", "'allow'", "{'rows': rows}", "{'allow': True}"),
        *("{'allow': None, 'rows': rows}", "{'allow': 0, 'rows': rows}", "{'allow': 1 == 2, 'rows': rows}"),
        *("{'allow': 'yes', 'rows': rows}", "{'allow': rows, 'rows': rows}", "{'allow': [0], 'rows': rows}"),
        *("{'allow': True, 'rows': None}", "{'allow': True, 'rows': (r for r in rows)}"),
        *("{'allow': True, 'rows': 'text'}", "{'allow': True, 'rows': {'a': 1}}"),
        *("{'allow': True, 'rows': [1]}", "{'allow': True, 'rows': rows + [None]}"),
        *("{'allow': True, 'rows': tuple(rows)}", "{'allow': True, 'rows': [[('a', 1)]]}"),
        "{'ALLOW': True, 'rows': rows}",
    ],
)
def test_anything_else_is_a_denial(decide, result: str) -> None:
    assert isinstance(decide(f"return {result}", 1), Denied)


def test_the_functions_own_words_are_the_reason(decide) -> None:
    assert decide("return {'allow': 1 > 2, 'rows': [], 'error': 'only totals are shown'}").reason == (
        "only totals are shown"
    )


@pytest.mark.parametrize("error", ["5", "None", "''", "['x']"])
def test_a_reason_that_is_no_text_is_replaced(decide, error: str) -> None:
    assert decide(f"return {{'allow': 1 > 2, 'error': {error}}}").reason == "denied by the scope function"


def test_a_long_reason_is_cut(decide) -> None:
    assert len(decide("return {'allow': 1 > 2, 'error': 'é' * 10**6}").reason) == 500


def test_an_exception_denies_and_its_data_reaches_the_author_only(decide) -> None:
    answer = decide("x = 1\nreturn int(rows[0]['a'])", "a secret value")
    assert answer.reason == "scope function failed (ValueError)"
    assert "line 3" in answer.detail and "a secret value" in answer.detail


def test_an_exception_that_can_not_be_printed_denies(decide) -> None:
    body = "x = []\nfor i in range(10**5):\n    x = [x]\nreturn {}[str(i)] if i < 0 else {}[(1,)][x]"
    assert isinstance(decide(body), Denied)


def test_the_function_sees_statement_params_and_rows(start) -> None:
    source = HEAD + "    return {'allow': True, 'rows': [{'sql': sql, 'params': params, 'n': len(rows)}]}"
    answer = start(source).show(Reading("SELECT 1", ("x", 2), ("a",), [(1,), (2,)]))
    assert json.loads(answer.json_text) == [{"sql": "SELECT 1", "params": ["x", 2], "n": 2}]


@pytest.mark.parametrize(
    "frame",
    [
        *(b"", b"x", b"a", b"a\x01", b"d", b"d\xff\xff", b"d\x01\x00\xff", b"r", b"l"),
        *(b"a\x01\x00\x00\x00\x00\xff\xfe", b"d\x00\x00\xff"),
    ],
)
def test_an_answer_that_is_not_well_formed_is_a_breach(frame: bytes) -> None:
    with pytest.raises(SandboxBreach):
        read_answer(frame)
