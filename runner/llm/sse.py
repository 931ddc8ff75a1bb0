"""Reading server-sent events (WHATWG HTML, section 9.2) from a byte stream."""

from __future__ import annotations

from collections.abc import AsyncIterator

from runner.llm.errors import UpstreamError

MAX_LINE_BYTES = 4 * 1024 * 1024


async def data_lines(chunks: AsyncIterator[bytes], *, max_bytes: int) -> AsyncIterator[bytes]:
    """The payload of each `data:` line; comments and other fields are skipped.

    Raises `UpstreamError` when a line, or the whole, is longer than allowed.
    """
    rest = b""
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        if total > max_bytes or len(rest) > MAX_LINE_BYTES:
            raise UpstreamError("upstream_too_long")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
    if rest.startswith(b"data:"):
        yield rest[5:].strip()
