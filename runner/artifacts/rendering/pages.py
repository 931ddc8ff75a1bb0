"""Setting blocks on pages. No image, no link, no font and no file of the text's choosing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.errors import FPDFException
from fpdf.fonts import FontFace, TTFFont

from runner.artifacts.rendering.blocks import Block, Span
from runner.artifacts.rendering.fonts import Fonts

SANS, MONO, OTHER = "sans", "mono", "other"
SIZE: Final = 10.5
HEADINGS: Final = {1: 18.0, 2: 14.5, 3: 12.5}
LINE: Final = 5.4
INDENT: Final = 7.0
WIDEST_TABLE: Final = 12
GREY: Final = 240
HEADINGS_STYLE: Final = FontFace(emphasis="BOLD", fill_color=GREY)
BOX: Final = "\u25a1"
# A document is refused when more than one character in so many has no glyph.
MOST_LOST: Final = 20


class TooManyPages(Exception):
    """The text is longer than a report may be."""


class NoGlyphs(Exception):
    """The machine has no font for this text."""


class Paper(FPDF):
    """An A4 document with numbered pages and a largest number of them."""

    def __init__(self, fonts: Fonts | None, *, max_pages: int) -> None:
        super().__init__()
        self._max_pages = max_pages
        self.unicode = fonts is not None
        self.chars = self.lost_chars = 0
        self._known = frozenset(range(32, 127)) | frozenset(range(160, 256))
        self.set_margin(20)
        self.set_auto_page_break(auto=True, margin=20)
        self.families = {SANS: "Helvetica", MONO: "Courier"}
        if fonts is not None:
            self._embed(fonts)
        self.add_page()

    def add_page(self, *args: Any, **kwargs: Any) -> None:
        """Begin a page; raises TooManyPages."""
        if self.page_no() >= self._max_pages:
            raise TooManyPages
        super().add_page(*args, **kwargs)

    def footer(self) -> None:
        """The page's number."""
        self.set_y(-14)
        self.set_font(self.families[SANS], size=8)
        self.cell(0, 5, str(self.page_no()), align="C")

    def put(self, block: Block) -> None:
        """Set one block."""
        match block.kind:
            case "heading":
                self._heading(block)
            case "text" | "item":
                self._text(block)
            case "code":
                self._code(block)
            case "rule":
                self.ln(2)
                self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
                self.ln(3)
            case "table":
                self._table(block)

    def _embed(self, fonts: Fonts) -> None:
        self.families = {SANS: SANS, MONO: MONO}
        self.add_font(SANS, "", fonts.regular)
        self.add_font(SANS, "B", fonts.bold)
        self.add_font(MONO, "", fonts.mono)
        for number, path in enumerate(fonts.fallbacks):
            self.add_font(f"{OTHER}{number}", "", path)
        others = [f"{OTHER}{number}" for number in range(len(fonts.fallbacks))]
        self.set_fallback_fonts([SANS, *others], exact_match=False)
        self._known = frozenset().union(*(set(font.cmap) for font in self.fonts.values() if isinstance(font, TTFFont)))

    def _style(self, style: str, *, size: float = SIZE) -> None:
        # The family has no italics of its own in every distribution; what is stressed is set like the rest.
        family = self.families[MONO if "C" in style else SANS]
        self.set_font(family, "B" if "B" in style and "C" not in style else "", size)

    def _heading(self, block: Block) -> None:
        size = HEADINGS.get(block.level, SIZE + 0.5)
        self.ln(3)
        if self.get_y() > self.h - 45:
            self.add_page()
        self._style("B", size=size)
        text = "".join(span.text for span in block.spans)
        self.multi_cell(0, size * 0.5, self._shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)

    def _text(self, block: Block) -> None:
        margin = self.l_margin
        self.set_left_margin(margin + INDENT * block.level)
        self.set_x(self.l_margin)
        if block.mark:
            self._style("")
            self.set_x(self.l_margin - INDENT + 1)
            self.write(LINE, self._shown(block.mark))
            self.set_x(max(self.l_margin, self.get_x() + 1))
        self._spans(block.spans)
        self.set_left_margin(margin)
        self.ln(LINE + (0.8 if block.mark else 2.2))

    def _spans(self, spans: Iterable[Span]) -> None:
        for span in spans:
            if span.text:
                self._style(span.style)
                self.write(LINE, self._shown(span.text))

    def _code(self, block: Block) -> None:
        self._style("C", size=9)
        self.set_fill_color(GREY)
        self.set_x(self.l_margin + INDENT * block.level)
        text = self._shown(block.spans[0].text) or " "
        self.multi_cell(0, 4.6, text, align="L", fill=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2.2)

    def _table(self, block: Block) -> None:
        self._style("", size=9)
        self.set_fill_color(255)
        columns = max(map(len, block.rows), default=0)
        if columns > WIDEST_TABLE:
            self._listed(block)
            return
        try:
            with self.table(line_height=4.8, text_align="LEFT", headings_style=HEADINGS_STYLE) as table:
                for cells in block.rows:
                    row = table.row()
                    for cell in [*cells, *[""] * (columns - len(cells))]:
                        row.cell(self._shown(cell))
        except FPDFException:  # a cell that fits no page
            self._listed(block)
        self.ln(3)

    def _listed(self, block: Block) -> None:
        for cells in block.rows:
            self.set_x(self.l_margin)
            self.write(LINE, self._shown(" | ".join(cells)))
            self.ln(LINE)

    def _shown(self, text: str) -> str:
        """The text with a box for each character that no font has: nothing disappears unseen."""
        text = text.translate(_SIMILAR if self.unicode else _PLAIN)
        lost = {ord(c) for c in set(text) if ord(c) not in self._known and c != "\n"}
        self.chars += len(text)
        if lost:
            self.lost_chars += sum(ord(c) in lost for c in text)
            text = text.translate(dict.fromkeys(lost, BOX if self.unicode else "?"))
        return text


_SIMILAR: Final = {0x2705: "\u2713", 0x2714: "\u2713", 0x274C: "\u2717", 0x274E: "\u2717"}
_PLAIN: Final = {
    **{0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'},
    **{0x2022: "-", 0x2013: "-", 0x2014: "-", 0x2026: "..."},
}


def document(paper: Paper, blocks: Iterable[Block]) -> bytes:
    """The finished document. Raises TooManyPages, and NoGlyphs when so much could not be shown that it says little."""
    content = finished(paper, blocks)
    if paper.lost_chars * MOST_LOST > paper.chars:
        raise NoGlyphs
    return content


def finished(paper: Paper, blocks: Iterable[Block]) -> bytes:
    """The document, whatever could not be shown. Raises TooManyPages."""
    for block in blocks:
        paper.put(block)
    return bytes(paper.output())
