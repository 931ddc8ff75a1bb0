"""Cutting SQL text as Postgres does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.sqlguard import lexer
from runner.sqlguard.verdicts import Code, Refusal

FRAGMENTS = st.sampled_from(
    [
        "'",
        "''",
        '"',
        "$$",
        "$a$",
        "--",
        "\n",
        "\r",
        "/*",
        "*/",
        "(",
        ")",
        ";",
        "E'",
        "\\",
        "%s",
        "%%",
        "x",
        "1",
        " ",
        "é",
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=20).map("".join)


def code(sql: str) -> str:
    """The text with everything that is no code replaced by dots."""
    return "".join(piece.text if piece.is_code else "." * len(piece.text) for piece in lexer.pieces(sql))


@given(TEXTS)
def test_the_pieces_join_to_the_text(sql: str) -> None:
    try:
        assert "".join(piece.text for piece in lexer.pieces(sql)) == sql
    except Refusal as refusal:
        assert refusal.refused.code is Code.BAD_TEXT


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("a 'b' c", "a ... c"),
        ("'it''s' x", "....... x"),
        ("E'it\\'s' x", "........ x"),
        ("e'\\\\' x", "..... x"),
        ("nE'a' x", "nE... x"),
        ('"a""b" x', "...... x"),
        ("$$a'b$$ x", "....... x"),
        ("$t$ $$ $t$ x", ".......... x"),
        ("a$$b$$c", "a$$b$$c"),
        ("$1$$ ' $$ x", "$1....... x"),
        ("x --y'\n z", "x ....\n z"),
        ("x --y\rz", "x ...\rz"),
        ("/* a /* b */ ' */ x", "................. x"),
        ("a/**/b", "a....b"),
        ("U&'\\0027' x", "U&....... x"),
        ("é'é' x", "é... x"),
    ],
)
def test_strings_names_and_comments_are_no_code(sql: str, left: str) -> None:
    assert code(sql) == left


@pytest.mark.parametrize("sql", ["'", "'a''", '"a', "$$a", "$a$ $$", "E'\\'", "/* /* */", "x $é$ y"])
def test_what_is_not_closed_is_refused(sql: str) -> None:
    with pytest.raises(Refusal) as refusal:
        lexer.pieces(sql)
    assert refusal.value.refused.code is Code.BAD_TEXT


@pytest.mark.parametrize("between", ["\n", " \n ", "\r", " --x\n"])
def test_an_escaped_string_that_goes_on_is_refused(between: str) -> None:
    with pytest.raises(Refusal):
        lexer.pieces(f"E'a'{between}'b\\' ) ; --'")


@pytest.mark.parametrize("sql", ["(", ")", ")(", "(()", "())", "'('", "f(';)'"])
def test_parentheses_must_balance_outside_of_strings(sql: str) -> None:
    if sql == "'('":
        lexer.single_statement(lexer.pieces(sql))
        return
    with pytest.raises(Refusal):
        lexer.single_statement(lexer.pieces(sql))


@pytest.mark.parametrize("tail", [";", " ; ", ";;", "; -- end", "; /* end */ ;", ";\n"])
def test_a_final_semicolon_is_dropped(tail: str) -> None:
    kept = lexer.single_statement(lexer.pieces("SELECT ';'" + tail))
    assert "".join(piece.text for piece in kept).strip() == "SELECT ';'"


@pytest.mark.parametrize(
    "sql", ["SELECT 1; SELECT 2", ";SELECT 1", "a;'b'", 'a; "b"', "a;$$b$$", "SELECT 1 ; -- x\n 2"]
)
def test_a_second_statement_is_refused(sql: str) -> None:
    with pytest.raises(Refusal) as refusal:
        lexer.single_statement(lexer.pieces(sql))
    assert refusal.value.refused.code is Code.MANY_STATEMENTS
