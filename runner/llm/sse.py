"""Reading server-sent events (WHATWG HTML, section 9.2) from a byte stream."""

from __future__ import annotations

from collections.abc import AsyncIterator

from runner.llm.errors import UpstreamError

MAX_LINE_BYTES = 4 * 1024 * 1024
DATA = b"data:"


async def data_lines(chunks: AsyncIterator[bytes], *, max_bytes: int) -> AsyncIterator[bytes]:
    """The payload of each `data:` line; comments, other fields and events without data are skipped.

    Raises `UpstreamError` when a line, or the whole, is longer than allowed. However small the chunks are, every
    byte is looked at a bounded number of times.
    """
    held = bytearray()
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        seen = len(held)
        held += chunk
        if total > max_bytes:
            raise UpstreamError("upstream_too_long")
        end = held.rfind(b"\n", seen)
        if end >= 0:
            lines = bytes(held[:end]).split(b"\n")
            del held[: end + 1]
            for line in lines:
                if payload := _payload(line):
                    yield payload
        if len(held) > MAX_LINE_BYTES:
            raise UpstreamError("upstream_too_long")
    if payload := _payload(bytes(held)):
        yield payload


def _payload(line: bytes) -> bytes:
    return line[len(DATA) :].strip() if line.startswith(DATA) else b""
