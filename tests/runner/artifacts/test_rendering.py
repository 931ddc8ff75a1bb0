"""Reports become PDFs in a process that can do nothing else, whatever the Markdown says."""

import io
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pypdf import PdfReader

from runner.artifacts.rendering import fonts
from runner.artifacts.rendering.errors import RenderingFailed
from runner.artifacts.rendering.limits import RenderLimits
from runner.artifacts.rendering.process import pdf_of

needs_fonts = pytest.mark.skipif(fonts.find() is None, reason="this machine has no DejaVu fonts")
REPORT = """# Quarter — Ελλάδα and Москва

Revenue *rose* by **12 %**; see `sales`.

1. first
2. second
   - inner ✓

> A quoted sentence.

| region | amount |
|:--|--:|
| North | 10.50 |
| Süd | 20 |

```sql
SELECT 1
```
"""


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@needs_fonts
def test_headings_lists_tables_and_code_of_many_alphabets_are_set() -> None:
    text = text_of(pdf_of(REPORT))
    for word in ("Ελλάδα", "Москва", "12 %", "1. first", "2. second", "✓", "A quoted sentence", "Süd", "SELECT 1"):
        assert word in text, word


@needs_fonts
def test_html_stays_text_images_are_their_description_and_links_show_where_they_lead() -> None:
    hostile = (
        "![chart](http://127.0.0.1:1/pixel.png) ![f](file:///etc/passwd) [click](https://evil.example/x)\n\n"
        "<img src=http://127.0.0.1:1/a.png> <script>alert(1)</script>\n\n[j](javascript:alert(1))\n"
    )
    pdf = pdf_of(hostile)
    text = text_of(pdf)
    assert "[chart]" in text and "pixel.png" not in text
    assert "click (https://evil.example/x)" in text
    assert "<script>alert(1)</script>" in text
    for dangerous in (b"/URI", b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/XObject <<", b"/OpenAction <<"):
        assert dangerous not in pdf, dangerous
    assert not PdfReader(io.BytesIO(pdf)).pages[0].get("/Annots")


@needs_fonts
def test_what_no_font_has_is_a_box_and_a_text_of_nothing_else_is_refused() -> None:
    assert "\u25a1" in text_of(pdf_of("An ordinary sentence with one \U0001f512 in it, and some more words."))
    with pytest.raises(RenderingFailed, match="no font"):
        pdf_of("\U0001f512" * 200)


@needs_fonts
def test_marks_that_turn_the_direction_of_text_are_dropped() -> None:
    assert "invoice.pdf" in text_of(pdf_of("invoice\u202e\u2066.pdf\u0000\u0007\u200b"))


def test_without_fonts_western_text_is_set_and_other_text_refused() -> None:
    assert text_of(pdf_of("# Café — “fine”", font_folders=())).startswith('Café - "fine"')
    with pytest.raises(RenderingFailed, match="no font"):
        pdf_of("# Ελλάδα", font_folders=())


@pytest.mark.parametrize(
    "markdown",
    [
        ">" * 20_000 + "x",
        "- " * 5_000 + "x",
        "[" * 20_000,
        "*a_ " * 10_000,
        "[a](b" * 4_000,
        "".join("`" * n + " " for n in range(300)),
        "|" + "a|" * 200 + "\n|" + "-|" * 200 + "\n|" + "b|" * 200,
        "| a |\n|---|\n| " + "x" * 20_000 + " |",
        "x" * 30_000,
        "[a]: http://x.example/" + "u" * 4_000 + "\n\n" + "[a] " * 20_000,
        "| a |\n|---|\n" + "| b |\n" * 20_000,
        "&#128274;&amp;" * 40_000,
        "\x00\ud800\uffff",
        "",
    ],
    ids=[
        *("quotes", "lists", "brackets", "stress", "links", "ticks", "columns", "cell", "word"),
        *("references", "rows", "entities", "odd", "empty"),
    ],
)
def test_hostile_markdown_ends_in_a_document_or_a_refusal(markdown: str) -> None:
    try:
        assert pdf_of(markdown, limits=RenderLimits(cpu_seconds=4)).startswith(b"%PDF-")
    except RenderingFailed as refusal:
        assert str(refusal)


@pytest.mark.parametrize(
    ("limits", "markdown", "words"),
    [
        (RenderLimits(max_chars=10), "x" * 11, "at most 10 characters"),
        (RenderLimits(max_pages=2), "word\n\n" * 500, "too many pages"),
        (RenderLimits(max_pdf_bytes=500), "word", "too large"),
        (RenderLimits(memory_bytes=1024 * 1024), "word " * 100_000, "could not"),
        (RenderLimits(cpu_seconds=1), "word " * 150_000, "could not"),
    ],
    ids=["chars", "pages", "bytes", "memory", "processor"],
)
def test_each_limit_of_a_rendering_holds(limits: RenderLimits, markdown: str, words: str) -> None:
    with pytest.raises(RenderingFailed, match=words):
        pdf_of(markdown, limits=limits)


def test_a_rendering_ends_when_its_time_is_over() -> None:
    started = time.monotonic()
    with pytest.raises(RenderingFailed):
        pdf_of("word " * 150_000, limits=RenderLimits(wall_seconds=1.5))
    assert time.monotonic() - started < 10


def test_the_rendering_process_can_open_no_file_no_socket_and_start_no_program() -> None:
    program = """
import sys
sys.path.append({root!r})
import os, socket, gc
from runner.artifacts.rendering import filter as kernel, worker
from runner.artifacts.rendering.limits import RenderLimits
worker._lock(RenderLimits(memory_bytes=2**31), kernel.program())
for attempt in (
    lambda: open("/etc/passwd"), lambda: open("/tmp/made", "w"), lambda: socket.socket(), lambda: os.fork(),
    lambda: os.execv("/bin/true", ["true"]), lambda: os.listdir("/"), lambda: os.kill(os.getppid(), 0),
):
    try:
        attempt()
    except OSError:
        os.write(1, b"no ")
    else:
        os.write(1, b"YES ")
os.write(1, str(os.getuid() != 0 or None).encode())
"""
    root = str(Path(__file__).resolve().parents[3])
    ended = subprocess.run(
        [sys.executable, "-I", "-c", program.format(root=root)], capture_output=True, timeout=60, check=False
    )
    assert re.fullmatch(rb"(no ){7}(True|None)", ended.stdout), (ended.stdout, ended.stderr)
