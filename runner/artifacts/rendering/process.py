"""The trusted side of a rendering: start the locked process, give it the text, take the document, end it."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from runner.artifacts.rendering import filter as kernel
from runner.artifacts.rendering import fonts
from runner.artifacts.rendering.errors import RenderingFailed, RenderingUnavailable
from runner.artifacts.rendering.limits import RenderLimits

_ROOT = Path(__file__).resolve().parents[3]
_WORKER = "runner.artifacts.rendering.worker"
_BOOT = f"import sys; sys.path.append({str(_ROOT)!r}); from {_WORKER} import main; main()"
# The worker's letters; its module is not imported here, as it loads the libraries that only it should have.
_READY, _DONE = b"R", b"D"
_WHY = {b"L": "the report has too many pages", b"G": "this machine has no font for the report's characters"}
_FAILED = "the report could not be set"
_PRELUDE = len(_READY + _DONE)
# A rendering takes a processor and much memory: few of them at once, others wait for their turn.
_turns = threading.BoundedSemaphore(2)


def pdf_of(
    markdown: str, *, limits: RenderLimits | None = None, font_folders: tuple[str, ...] = fonts.FOLDERS
) -> bytes:
    """The text as a PDF. Blocks, for as long as the limits allow. Raises RenderingFailed."""
    limits = limits or RenderLimits()
    if len(markdown) > limits.max_chars:
        raise RenderingFailed(f"a report has at most {limits.max_chars} characters")
    setup = pickle.dumps((limits, kernel.program(), font_folders))
    if not _turns.acquire(timeout=limits.turn_seconds):
        raise RenderingFailed("too many reports are being rendered")
    try:
        with _process(limits.wall_seconds) as process:
            answer = _exchange(process, setup + markdown.encode("utf-8", "replace"), limits)
    finally:
        _turns.release()
    return _judged(answer, limits)


@contextlib.contextmanager
def _process(seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """The locked process, which is killed at the end of the block and in any case after so many seconds."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={},
            start_new_session=True,
        )
    except OSError as error:
        raise RenderingUnavailable("the rendering process cannot be started") from error
    alarm = threading.Timer(seconds, process.kill)
    alarm.daemon = True
    alarm.start()
    try:
        yield process
    finally:
        alarm.cancel()
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


def _exchange(process: subprocess.Popen[bytes], given: bytes, limits: RenderLimits) -> bytes:
    """All that the process says, up to one byte more than it may."""
    if process.stdin is None or process.stdout is None:
        raise RenderingUnavailable("the rendering process has no pipes")
    answer = bytearray()
    largest = limits.max_pdf_bytes + _PRELUDE + 1
    with contextlib.suppress(OSError):  # it has ended, and what it said before says why
        view = memoryview(given)
        while view:
            view = view[process.stdin.write(view) or 0 :]
        process.stdin.close()
    while len(answer) < largest:
        piece = process.stdout.read(min(1024 * 1024, largest - len(answer)))
        if not piece:
            break
        answer += piece
    return bytes(answer)


def _judged(answer: bytes, limits: RenderLimits) -> bytes:
    if not answer.startswith(_READY):
        raise RenderingUnavailable("the rendering process could not lock itself up")
    status, document = answer[1:2], answer[_PRELUDE:]
    if len(document) > limits.max_pdf_bytes:
        raise RenderingFailed("the report's PDF is too large")
    if status != _DONE or not document.startswith(b"%PDF-"):
        raise RenderingFailed(_WHY.get(status, _FAILED))
    return document
