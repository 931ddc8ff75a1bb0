"""Placeholders as agents write them, bound as Postgres takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.sqlguard import binding, lexer
from runner.sqlguard.verdicts import Code, Refusal
from tests.runner.sqlguard.test_lexer import TEXTS


def refused(sql: str, *params: object) -> Code:
    with pytest.raises(Refusal) as refusal:
        binding.bind(sql, params)
    return refusal.value.refused.code


@pytest.mark.parametrize(
    ("sql", "params", "text"),
    [
        ("SELECT 1", [], "SELECT 1"),
        ("SELECT %s", ["a"], "SELECT  $1 "),
        ("SELECT %s, %s", [1, 2], "SELECT  $1 ,  $2 "),
        ("WHERE a = %s AND b LIKE '%%x%'", [1], "WHERE a =  $1  AND b LIKE '%x%'"),
        ("WHERE b LIKE 'x%'", [], "WHERE b LIKE 'x%'"),
        ("WHERE b LIKE '%%x'", [], "WHERE b LIKE '%x'"),
        ("WHERE b LIKE '%s%'", [], "WHERE b LIKE '%s%'"),
        ("WHERE b LIKE '%something' AND c = %s", [1], "WHERE b LIKE '%something' AND c =  $1 "),
        ("SELECT 7 %% 3, 7 % 3, a %salary", [], "SELECT 7 % 3, 7 % 3, a %salary"),
        ("SELECT $1", [1], "SELECT $1"),
        ("SELECT '%s' -- %s\n", [], "SELECT '%s' -- %s\n"),
    ],
)
def test_placeholders_become_numbers(sql: str, params: list, text: str) -> None:
    statement = binding.bind(sql, params)
    assert (statement.text, statement.params) == (text, tuple(params))


def test_params_without_a_placeholder_are_dropped() -> None:
    assert binding.bind("SELECT 1", ["x"]).params == ()


@pytest.mark.parametrize(("sql", "params"), [("SELECT %s", []), ("SELECT %s", [1, 2]), ("SELECT %s, %s", [1])])
def test_placeholders_and_params_must_fit(sql: str, params: list) -> None:
    assert refused(sql, *params) is Code.PARAMS


@pytest.mark.parametrize("value", [{"a": 1}, object(), b"x", (1,)])
def test_params_are_plain_values(value: object) -> None:
    assert refused("SELECT %s", value) is Code.PARAMS


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("", Code.EMPTY),
        (" ; -- nothing", Code.EMPTY),
        ("/* nothing */", Code.EMPTY),
        ("SELECT '\x00'", Code.BAD_TEXT),
        ("SELECT '\ud800'", Code.BAD_TEXT),
        ("SELECT " + "1" * binding.MAX_SQL_CHARS, Code.TOO_LONG),
        ("SELECT 1; SELECT 2", Code.MANY_STATEMENTS),
    ],
)
def test_what_can_not_be_a_statement_is_refused(sql: str, code: Code) -> None:
    assert refused(sql) is code


@pytest.mark.parametrize("sql", ["%s$$ ) x (%s$$", "E%s' ) x'", "%s$a$ ) $a$", "$%s$ ) $%s$"])
def test_a_placeholder_never_opens_a_string(sql: str) -> None:
    try:
        statement = binding.bind(f"SELECT {sql}", [1] * sql.count("%s"))
    except Refusal:
        return
    lexer.single_statement(lexer.pieces(statement.text))


@given(TEXTS, st.lists(st.integers(), max_size=3))
def test_what_is_bound_is_always_closed(sql: str, params: list[int]) -> None:
    try:
        statement = binding.bind(sql, params)
    except Refusal:
        return
    between = f"SELECT * FROM (\n{statement.text}\n) AS q"
    assert lexer.single_statement(lexer.pieces(between)) == lexer.pieces(between)
