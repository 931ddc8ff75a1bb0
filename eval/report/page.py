"""A comparison as one HTML file that needs nothing but itself."""

from html import escape

from eval.corpus import attacks
from eval.report import charts, figures, markdown
from eval.report.figures import Json

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#1f2937;max-width:900px;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;font-size:13px;margin:1rem 0;width:100%}"
    "td,th{border-bottom:1px solid #e5e7eb;padding:.25rem .5rem;text-align:right}"
    "td:first-child,th:first-child{text-align:left}h1,h2{line-height:1.2}svg{width:100%;height:auto}"
    "code{font-size:12px}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(results: Json) -> str:
    """The page."""
    cells = figures.of(results)
    drawn = {
        "Privacy beside usefulness": charts.leaks_and_answers(cells),
        "Leaks by class of attack": charts.map_of_classes(cells, attacks.kinds()),
        "Latency, tools, tokens, cost": charts.latency(cells),
    }
    body = []
    for block in markdown.report(results).split("\n\n"):
        heading = block.removeprefix("## ")
        body.append(_block(block))
        if heading in drawn:
            body.append(drawn[heading])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What rooms let out</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}</style></head>'
        f"<body><h1>What rooms let out, and what they are good for</h1>{''.join(body)}</body></html>\n"
    )


def _block(block: str) -> str:
    if block.startswith("## "):
        return f"<h2>{escape(block[3:].strip())}</h2>"
    lines = block.strip().splitlines()
    if block.startswith("- "):
        return f"<ul>{''.join(f'<li>{_inline(line[2:])}</li>' for line in lines)}</ul>"
    if block.startswith("| "):
        heading, _, *rows = lines
        return f"<table>{_row(heading, 'th')}{''.join(_row(row, 'td') for row in rows)}</table>"
    return f"<p>{_inline(block)}</p>"


def _row(line: str, kind: str) -> str:
    return f"<tr>{''.join(f'<{kind}>{_inline(cell.strip())}</{kind}>' for cell in line.strip('|').split('|'))}</tr>"


def _inline(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
