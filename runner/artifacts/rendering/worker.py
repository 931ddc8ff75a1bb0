"""The locked process: fonts are opened and libraries loaded first, then every right is given up, then it reads.

One document per process. The answer is one status letter and the document, or the letter alone.
"""

from __future__ import annotations

import codecs
import gc
import logging
import os
import pickle
import resource
import sys
import warnings

from runner.artifacts.rendering import blocks, fonts, pages
from runner.artifacts.rendering.limits import RenderLimits
from runner.scopefn import lockdown

DONE, LONG, NO_GLYPHS, FAILED = b"D", b"L", b"G", b"F"
READY = b"R"
# Everything that the libraries load when they first meet it, met before the doors are shut. The last word has
# characters that no font has.
CODECS = ("unicode_escape", "raw_unicode_escape", "utf_16_be", "latin_1", "cp1252", "mac_roman", "ascii", "idna")
SAMPLE = """# A *heading*\n\nText, **bold**, `code`, [link](x).\n\n1. one\n   - two\n\n> quoted\n
```\nfenced\n```\n\n| a | b |\n|---|---|\n| \u03b1 | c |\n\n---\n\n\U0001f9ff\u65e5 \U000e01ef\n"""
LATIN_SAMPLE = SAMPLE.replace("\u03b1", "a")[: SAMPLE.index("\U0001f9ff")]


def main() -> None:
    """Render what comes over stdin."""
    logging.disable()
    warnings.simplefilter("ignore")
    given: tuple[RenderLimits, bytes, tuple[str, ...]]
    given = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    limits, filter_program, folders = given
    for codec in CODECS:
        codecs.lookup(codec)
    found = fonts.find(folders)
    pages.finished(pages.Paper(found, max_pages=9), blocks.read(SAMPLE if found else LATIN_SAMPLE))
    paper = pages.Paper(found, max_pages=limits.max_pages)
    _lock(limits, filter_program)
    _answer(READY)
    markdown = sys.stdin.buffer.read().decode("utf-8", "replace")
    _answer(_rendered(paper, markdown))


def _lock(limits: RenderLimits, filter_program: bytes) -> None:
    os.environ.clear()
    os.chdir("/")
    gc.collect()
    for kind, value in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (value, value))
    lockdown.give_up_rights(filter_program)


def _rendered(paper: pages.Paper, markdown: str) -> bytes:
    try:
        return DONE + pages.document(paper, blocks.read(markdown))
    except pages.TooManyPages:
        return LONG
    except pages.NoGlyphs:
        return NO_GLYPHS
    except Exception:  # noqa: BLE001 - the edge of a process that reads hostile text
        return FAILED


def _answer(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
