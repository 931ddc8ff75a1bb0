"""Taking in what a model service answers, without letting it take the memory of everybody."""

from __future__ import annotations

import json

from runner.llm.errors import UpstreamError

# An object or array takes some twenty times the memory of its text, so their number is bounded beside the bytes:
# in one text that is decoded at once, and in a whole stream of them.
MAX_STRUCTURES = 250_000
MAX_STRUCTURES_IN_ALL = 2_000_000


class Decoder:
    """Decodes the JSON texts of one answer."""

    def __init__(self) -> None:
        self._structures = 0

    def decode(self, text: bytes) -> object:
        """One JSON text. Raises `UpstreamError` when it is none, or opens too many objects and arrays."""
        found = text.count(b"{") + text.count(b"[")
        self._structures += found
        if found > MAX_STRUCTURES or self._structures > MAX_STRUCTURES_IN_ALL:
            raise UpstreamError("upstream_too_long")
        try:
            decoded: object = json.loads(text)
        except (ValueError, RecursionError):
            raise UpstreamError("upstream_garbled") from None
        return decoded
