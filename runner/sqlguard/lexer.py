"""Cuts SQL text the way Postgres does: into code and what Postgres does not read as code.

A statement is later put between parentheses of ours. That it can't get out of them follows from this
module alone: its own parentheses are balanced and no string, name or comment is left open, by the lexical
rules of Postgres with standard_conforming_strings on.
"""

import re
from dataclasses import dataclass

from runner.sqlguard.verdicts import Code, Refusal

_NAME_START = r"A-Za-z_\u0080-\U0010ffff"
_PIECE = re.compile(
    rf"""
      (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>[{_NAME_START}][0-9{_NAME_START}]*)?\$.*?\$(?(tag)(?P=tag))\$)
    | (?P<line>--[^\r\n]*)
    | (?P<block>/\*)
    | (?P<open>[eE]?'|"|\$(?:[{_NAME_START}][0-9{_NAME_START}]*)?\$)
    | (?P<name>[{_NAME_START}][0-9${_NAME_START}]*)
    | (?P<number>\$\d+)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
# Postgres joins string constants over a line break and reads the second like the first, escapes included.
_CONTINUED = re.compile(r"(?:\s|--[^\r\n]*)*'")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``is_code`` is false for strings, quoted names and comments."""

    text: str
    is_code: bool
    is_comment: bool = False


def pieces(sql: str) -> list[Piece]:
    """Cut a text into pieces that join to the same text. Raises Refusal for an open string or comment."""
    found: list[Piece] = []
    at = 0
    while match := _PIECE.search(sql, at):
        if match.start() > at:
            found.append(Piece(sql[at : match.start()], is_code=True))
        end = _end_of(sql, match)
        kind = match.lastgroup
        found.append(
            Piece(
                sql[match.start() : end],
                is_code=kind in ("name", "number"),
                is_comment=kind in ("line", "block"),
            )
        )
        at = end
    if at < len(sql):
        found.append(Piece(sql[at:], is_code=True))
    return found


def _end_of(sql: str, match: re.Match[str]) -> int:
    if match["open"] is not None:
        raise Refusal(Code.BAD_TEXT, "a string or quoted name in the statement is not closed")
    if match["escaped"] is not None and _CONTINUED.match(sql, match.end()):
        raise Refusal(Code.BAD_TEXT, "write neighbouring string constants as one")
    return _end_of_block(sql, match.end()) if match["block"] is not None else match.end()


def _end_of_block(sql: str, at: int) -> int:
    depth = 1
    while depth:
        edge = _BLOCK_EDGE.search(sql, at)
        if edge is None:
            raise Refusal(Code.BAD_TEXT, "a comment in the statement is not closed")
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at


def single_statement(found: list[Piece]) -> list[Piece]:
    """Return the pieces up to a final semicolon.

    Raises Refusal for a second statement and for parentheses that don't balance.
    """
    depth = 0
    for index, piece in enumerate(found):
        if not piece.is_code:
            continue
        for at, char in enumerate(piece.text):
            depth += (char == "(") - (char == ")")
            if depth < 0:
                raise Refusal(Code.BAD_TEXT, "the parentheses of the statement don't match")
            if char == ";" and depth == 0:
                _check_rest([Piece(piece.text[at:], is_code=True), *found[index + 1 :]])
                return [*found[:index], Piece(piece.text[:at], is_code=True)]
    if depth:
        raise Refusal(Code.BAD_TEXT, "the parentheses of the statement don't match")
    return found


def _check_rest(rest: list[Piece]) -> None:
    if any(not piece.is_comment and piece.text.strip("; \t\r\n\f\v") for piece in rest):
        raise Refusal(Code.MANY_STATEMENTS, "send one statement at a time")
