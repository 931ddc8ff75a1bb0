"""The bytes of one answer as they come in: unpacked within a limit, whatever they claim to be packed in."""

import zlib
from typing import Final

from hmctl.errors import BadAnswer

_GZIP: Final = 16 + zlib.MAX_WBITS


class Body:
    """Collects an answer of at most `largest` bytes. `encoding` is the header of that name, empty without one.

    Nothing but gzip was asked for, and that once: what is packed several times could grow a million times over.
    """

    def __init__(self, *, largest: int, encoding: str) -> None:
        self._largest = largest
        self._content = bytearray()
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip"):
            raise BadAnswer("the service packed its answer in a way that was not asked for")
        self._unpacker = zlib.decompressobj(_GZIP) if name == "gzip" else None

    def take(self, part: bytes) -> int:
        """Adds bytes from the wire; returns how many there are by now (BadAnswer for too many, or garbled ones)."""
        self._add(part if self._unpacker is None else self._unpacked(part))
        return len(self._content)

    def finish(self) -> bytes:
        """The whole answer (BadAnswer when its end is missing)."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise _garbled()
        return bytes(self._content)

    def _unpacked(self, part: bytes) -> bytes:
        unpacker = self._unpacker
        if unpacker is None or unpacker.eof:
            raise _garbled()
        try:
            made = unpacker.decompress(part, self._largest - len(self._content) + 1)
        except zlib.error:
            raise _garbled() from None
        if unpacker.unused_data:
            raise _garbled()
        return made

    def _add(self, made: bytes) -> None:
        self._content += made
        if len(self._content) > self._largest:
            raise BadAnswer(f"the service's answer is larger than {self._largest // 1024**2} MiB")


def _garbled() -> BadAnswer:
    return BadAnswer("the service's answer is garbled: it cannot be unpacked")
