"""Reading gz, bz2, xz and plain streams under hard caps: bytes produced, and memory that a decoder may take."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from agents.errors import BadArchive
from agents.packages import limits

CHUNK = 64 * 1024
LARGEST_READ = limits.FILE_BYTES + limits.MIB

MAGIC: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(memlimit=limits.XZ_MEMORY_BYTES)),
)


class Capped(io.RawIOBase):
    """A readable stream of the decompressed archive. Raises BadArchive past a cap or on broken data."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        head = source.read(CHUNK)
        self._decoder = next((make() for magic, make in MAGIC if head.startswith(magic)), None)
        self._raw = head
        self._ready = bytearray()
        self._total = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        if size < 0 or size > LARGEST_READ:
            raise BadArchive("Invalid archive: it asks for an unreasonable amount of memory")
        while len(self._ready) < size and self._more(size):
            pass
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def _more(self, wanted: int) -> bool:
        if self._decoder is None:
            produced, self._raw = self._raw, self._source.read(CHUNK)
        else:
            produced = self._decode()
        self._total += len(produced)
        if self._total > limits.STREAM_BYTES:
            raise BadArchive("Invalid archive: it unpacks to more than 150 MiB")
        self._ready += produced
        return bool(produced) or bool(self._raw)

    def _decode(self) -> bytes:
        decoder: Any = self._decoder
        try:
            if isinstance(decoder, bz2.BZ2Decompressor | lzma.LZMADecompressor):
                return self._decode_stream(decoder)
            if decoder.eof:
                self._raw = b""
                return b""
            produced: bytes = decoder.decompress(self._raw, CHUNK)
            if not self._raw and not produced and not decoder.eof:
                raise BadArchive("Invalid archive: the compressed data end too early")
            self._raw = decoder.unconsumed_tail or self._source.read(CHUNK)
            return produced
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError) as error:
            raise BadArchive("Invalid archive: the compressed data are broken") from error

    def _decode_stream(self, decoder: Any) -> bytes:
        if decoder.eof:
            self._raw = b""
            return b""
        produced: bytes = decoder.decompress(self._raw if decoder.needs_input else b"", CHUNK)
        if decoder.needs_input:
            self._raw = self._source.read(CHUNK)
        elif not self._raw:
            self._raw = b"\x00"  # only says that there is more to come; never fed to the decoder
        return produced
