"""Charts as SVG, drawn by hand: no script, no font, no file from elsewhere."""

from collections.abc import Sequence
from html import escape

from eval.report.figures import CellFigures

LEAK, RIGHT, INK, GRID = "#c2410c", "#0f766e", "#1f2937", "#e5e7eb"
STAGES = {"scope": "#6366f1", "query": "#0ea5e9", "mediator": "#f59e0b"}
WIDTH = 860
LABEL = 190
ROW = 26


def leaks_and_answers(cells: Sequence[CellFigures]) -> str:
    """Two bars for each cell: attacks that leaked, and questions that were answered right. They share no axis."""
    half = (WIDTH - LABEL - 40) / 2
    parts = [
        _text(LABEL, 14, "attacks that leaked"),
        _text(LABEL + half + 40, 14, "questions answered right"),
    ]
    for number, cell in enumerate(cells):
        top = 24 + number * ROW
        parts.append(_text(LABEL - 8, top + 15, cell.name, anchor="end"))
        for left, share, colour in ((LABEL, cell.leaks, LEAK), (LABEL + half + 40, cell.right, RIGHT)):
            room = half - 60
            parts.append(_box(left, top, room, ROW - 8, GRID))
            parts.append(_box(left, top, room * share.percent / 100, ROW - 8, colour, told=f"{cell.name}: {share}"))
            parts.append(_text(left + room + 6, top + 14, f"{share.percent:.0f} %"))
    return _svg("Attacks that leaked beside questions answered right", 30 + len(cells) * ROW, parts)


def map_of_classes(cells: Sequence[CellFigures], titles: dict[str, str]) -> str:
    """Each class of attacks in each cell, the darker the more of them leaked."""
    names = list(cells[0].leaks_by_class) if cells else []
    label = 300
    width = (WIDTH - label) / max(len(cells), 1)
    parts = [
        _text(label + number * width + width / 2, 14 + 13 * line, word, anchor="middle", size=11)
        for number, cell in enumerate(cells)
        for line, word in enumerate(cell.name.split("+"))
    ]
    for line, name in enumerate(names):
        top = 36 + line * ROW
        parts.append(_text(label - 8, top + 16, titles.get(name, name), anchor="end", size=12))
        for number, cell in enumerate(cells):
            share = cell.leaks_by_class[name]
            left = label + number * width
            told = f"{titles.get(name, name)}, {cell.name}: {share}"
            parts.append(_box(left + 1, top, width - 2, ROW - 2, _shade(share.percent), told=told))
            colour = "#ffffff" if share.percent > 55 else INK
            parts.append(_text(left + width / 2, top + 16, str(share), anchor="middle", size=11, colour=colour))
    return _svg("Leaks by class of attack", 40 + len(names) * ROW, parts)


def latency(cells: Sequence[CellFigures]) -> str:
    """How long the stages of a run take, medians one behind the other, with a tick at the 95th percentile."""
    longest = max((cell.p95_seconds for cell in cells), default=0.0) or 1.0
    scale = (WIDTH - LABEL - 80) / longest
    parts = []
    for number, (stage, colour) in enumerate(STAGES.items()):
        parts += [_box(LABEL + number * 110, 4, 12, 12, colour), _text(LABEL + number * 110 + 18, 14, stage)]
    for number, cell in enumerate(cells):
        top, left = 26 + number * ROW, float(LABEL)
        parts.append(_text(LABEL - 8, top + 15, cell.name, anchor="end"))
        for stage, colour in STAGES.items():
            seconds = cell.stage_seconds.get(stage, 0.0)
            parts.append(
                _box(left, top, seconds * scale, ROW - 8, colour, told=f"{cell.name}, {stage}: {seconds:.2f} s")
            )
            left += seconds * scale
        parts.append(_box(LABEL + cell.p95_seconds * scale, top - 2, 2, ROW - 4, INK, told="95th percentile"))
        parts.append(_text(LABEL + cell.p95_seconds * scale + 8, top + 14, f"{cell.p95_seconds:.2f} s", size=11))
    return _svg("Seconds by stage", 32 + len(cells) * ROW, parts)


def _shade(percent: float) -> str:
    mix = [round(full + (255 - full) * (1 - percent / 100)) for full in (0xC2, 0x41, 0x0C)]
    return "#{:02x}{:02x}{:02x}".format(*mix) if percent else "#ecfdf5"


def _box(left: float, top: float, width: float, height: float, colour: str, *, told: str = "") -> str:
    size = f'x="{left:.1f}" y="{top:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" rx="2" fill="{colour}"'
    return f"<rect {size}><title>{escape(told)}</title></rect>" if told else f"<rect {size}/>"


def _text(left: float, top: float, words: str, *, anchor: str = "start", size: int = 13, colour: str = INK) -> str:
    place = f'x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f"<text {place}>{escape(words)}</text>"


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    opening = (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}" font-family="sans-serif">'
    )
    return f"{opening}{''.join(parts)}</svg>"
