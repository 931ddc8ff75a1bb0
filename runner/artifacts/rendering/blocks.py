"""Markdown as a flat list of blocks that a page can be set from.

Raw HTML stays the text that it is; of an image only its description is left, and a link is its text with the address
behind it: nothing is fetched and nothing in the result leads anywhere by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["heading", "text", "item", "code", "rule", "table"]
DEEPEST: Final = 6
_NESTING: Final = 30
_OPENING: Final = {"bullet_list_open", "ordered_list_open", "blockquote_open"}
_CLOSING: Final = {"bullet_list_close", "ordered_list_close", "blockquote_close"}
# Marks that change the direction or order of what is shown, so that a text reads differently than it is, and such
# that show nothing.
_MISLEADING: Final = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe00-\ufe0f\ufeff]")


@dataclass(frozen=True)
class Span:
    """A piece of a line in one style: a mix of `B` (bold), `I` (italic) and `C` (code)."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Block:
    """One block. `level` is a heading's rank or how deep a block is indented; `mark` stands before a list's item."""

    kind: Kind
    spans: tuple[Span, ...] = ()
    level: int = 0
    mark: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass
class _Place:
    """Where in the nesting the reader is: one number per list, None for a quotation."""

    lists: list[int | None] = field(default_factory=list)
    pending: str = ""

    @property
    def depth(self) -> int:
        return min(len(self.lists), DEEPEST)


def read(markdown: str) -> Iterator[Block]:
    """The blocks of a text."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _NESTING}).enable(["table", "strikethrough"])
    tokens = parser.parse(cleaned(markdown))
    place = _Place()
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "table_open":
            end = _end_of_table(tokens, index)
            yield Block("table", level=place.depth, rows=_rows(tokens[index:end]))
            index = end
            continue
        yield from _block(token, tokens[index - 1] if index else token, place)
        index += 1


def cleaned(text: str) -> str:
    """The text without control characters and marks that mislead."""
    plain = _MISLEADING.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))
    return "".join(c for c in plain if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))


def _block(token: Token, before: Token, place: _Place) -> Iterator[Block]:
    if token.type in _OPENING:
        ordered = token.type == "ordered_list_open"
        start = int(token.attrs.get("start", 1)) if ordered else 0
        place.lists.append(None if token.type == "blockquote_open" else start)
    elif token.type in _CLOSING:
        place.lists.pop()
    elif token.type == "list_item_open":
        place.pending = _next_mark(place)
    elif token.type == "inline":
        yield _text(token, before, place)
    elif token.type in ("fence", "code_block"):
        yield Block("code", (Span(token.content.rstrip("\n"), "C"),), place.depth)
    elif token.type == "hr":
        yield Block("rule", level=place.depth)


def _next_mark(place: _Place) -> str:
    number = place.lists[-1] if place.lists else 0
    if not number:
        return "\u2022"
    place.lists[-1] = number + 1
    return f"{number}."


def _text(token: Token, before: Token, place: _Place) -> Block:
    spans = tuple(_spans(token.children or []))
    if before.type == "heading_open":
        return Block("heading", spans, int(before.tag[1:]))
    mark, place.pending = place.pending, ""
    return Block("item" if mark else "text", spans, place.depth, mark)


def _spans(children: Sequence[Token]) -> Iterator[Span]:
    bold = italic = 0
    targets: list[str] = []
    for token in children:
        style = ("B" if bold else "") + ("I" if italic else "")
        match token.type:
            case "text" | "html_inline":
                yield Span(token.content, style)
            case "code_inline":
                yield Span(token.content, "C")
            case "softbreak":
                yield Span(" ", style)
            case "hardbreak":
                yield Span("\n", style)
            case "image":
                yield Span(f"[{token.content or 'image'}]", style)
            case "strong_open" | "strong_close":
                bold += token.nesting
            case "em_open" | "em_close":
                italic += token.nesting
            case "link_open":
                targets.append(str(token.attrs.get("href", "")))
            case "link_close":
                target = targets.pop()
                yield Span(f" ({target})" if target else "", style)


def _end_of_table(tokens: Sequence[Token], start: int) -> int:
    return next(i for i in range(start, len(tokens)) if tokens[i].type == "table_close") + 1


def _rows(tokens: Sequence[Token]) -> tuple[tuple[str, ...], ...]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append("".join(span.text for span in _spans(token.children or [])))
    return tuple(tuple(row) for row in rows)
