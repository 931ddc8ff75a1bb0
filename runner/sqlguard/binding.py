"""From what agents send (``%s`` placeholders, ``%%`` for a percent sign) to what Postgres binds (``$1``)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runner.sqlguard import lexer
from runner.sqlguard.verdicts import Code, Refusal

MAX_SQL_CHARS = 50_000
MAX_PARAMS = 1_000

_PERCENT = re.compile(r"%%|%s(?![A-Za-z0-9_$\u0080-\U0010ffff])")
_NUMBERED = re.compile(r"\$\d+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with numbered placeholders and the values that are really bound.

    It is lexically closed: put between parentheses it stays between them.
    """

    text: str
    params: tuple[object, ...]


def bind(sql: str, params: Sequence[object]) -> Statement:
    """Turn an agent's text and params into a Statement; raises Refusal.

    ``%s`` in code is a placeholder, in a string it is text. ``%%`` is a percent sign everywhere, and a
    lone percent sign is one too. Params without any placeholder in the text are dropped.
    """
    _check_text(sql)
    found = lexer.single_statement(lexer.pieces(sql))
    text, count = _numbered(found)
    lexer.single_statement(lexer.pieces(text))  # what was put in must not have joined with its neighbours
    if not "".join(piece.text for piece in found if not piece.is_comment).strip():
        raise Refusal(Code.EMPTY, "the statement is empty")
    if count == 0:
        used = any(piece.is_code and _NUMBERED.fullmatch(piece.text) for piece in found)
        return Statement(text, _checked(params) if used else ())
    if count != len(params):
        raise Refusal(Code.PARAMS, f"the statement has {count} placeholders but there are {len(params)} params")
    return Statement(text, _checked(params))


def _numbered(found: list[lexer.Piece]) -> tuple[str, int]:
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        if match[0] == "%%":
            return "%"
        count += 1
        return f" ${count} "

    # A percent sign and the letter after it lie in two pieces, so neighbours in code are joined first.
    runs: list[lexer.Piece] = []
    for piece in found:
        if runs and runs[-1].is_code and piece.is_code:
            runs[-1] = lexer.Piece(runs[-1].text + piece.text, is_code=True)
        else:
            runs.append(piece)
    return "".join(
        _PERCENT.sub(replace, run.text) if run.is_code else run.text.replace("%%", "%") for run in runs
    ), count


def _check_text(sql: str) -> None:
    if len(sql) > MAX_SQL_CHARS:
        raise Refusal(Code.TOO_LONG, f"the statement is longer than {MAX_SQL_CHARS} characters")
    if "\x00" in sql or any("\ud800" <= char <= "\udfff" for char in sql):
        raise Refusal(Code.BAD_TEXT, "the statement holds characters that are not text")


def _checked(params: Sequence[object]) -> tuple[object, ...]:
    if len(params) > MAX_PARAMS:
        raise Refusal(Code.PARAMS, f"at most {MAX_PARAMS} params")
    for value in params:
        if not isinstance(value, (str, int, float, bool, list, type(None))):
            raise Refusal(Code.PARAMS, "params must be text, numbers, booleans, null or lists of these")
    return tuple(params)
