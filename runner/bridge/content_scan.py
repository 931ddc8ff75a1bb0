"""Reading a JSON object of which one member is a very long text, without ever holding that text whole.

The member's text is handed on piece by piece as it comes in; what is left of the body is an ordinary small object.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

MOST_OTHER_BYTES: Final = 64 * 1024
_STRUCTURE: Final = re.compile(rb'["{}\[\]:,]')
_STRING: Final = re.compile(rb'[^"\\]*(?:\\(?:u[0-9a-fA-F]{4}|[^u])[^"\\]*)*', re.DOTALL)
_CUT_ESCAPE: Final = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?")
_QUOTE: Final = ord('"')


class BodyMalformed(Exception):
    """The body is not the JSON that it should be."""


class BadBase64(Exception):
    """The text is not base64."""


class OtherTooLarge(Exception):
    """What is not the long text is too large."""


class _Where(Enum):
    BETWEEN = auto()
    STRING = auto()
    CONTENT = auto()


class ContentScanner:
    """Takes a body in chunks. `other` is all of it but the text of member `name`, whose place is an empty text."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.other = bytearray()
        self.seen = False
        self._where = _Where.BETWEEN
        self._rest = b""
        self._depth = 0
        self._string_began = 0
        self._key: object = None
        self._expects_value = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Pieces of the long text that this chunk brings. Raises BodyMalformed, OtherTooLarge."""
        data, self._rest = self._rest + chunk, b""
        position = 0
        while position < len(data):
            if self._where is _Where.CONTENT:
                piece, position = self._content(data, position)
                if piece:
                    yield piece
            elif self._where is _Where.STRING:
                position = self._string(data, position)
            else:
                position = self._between(data, position)
            if len(self.other) > MOST_OTHER_BYTES:
                raise OtherTooLarge

    def finish(self) -> bytes:
        """The rest of the object as JSON text. Raises BodyMalformed when the body ended within the long text."""
        if self._rest or self._where is not _Where.BETWEEN:
            raise BodyMalformed
        return bytes(self.other)

    def _between(self, data: bytes, position: int) -> int:
        found = _STRUCTURE.search(data, position)
        if found is None:
            self._copy(data[position:])
            return len(data)
        self._copy(data[position : found.start()])
        sign = found.group()
        if sign == b'"':
            self._open_string()
            return found.end()
        self.other += sign
        if sign in b"{[":
            self._depth += 1
        elif sign in b"}]":
            self._depth -= 1
        self._expects_value = sign == b":" and self._depth == 1
        if sign == b",":
            self._key = None
        return found.end()

    def _copy(self, plain: bytes) -> None:
        self.other += plain
        if plain.strip():
            self._expects_value = False

    def _open_string(self) -> None:
        self.other += b'"'
        if self._expects_value and self._depth == 1 and self._key == self._name:
            if self.seen:
                raise BodyMalformed
            self.seen, self._where = True, _Where.CONTENT
        else:
            self._string_began = len(self.other) - 1
            self._where = _Where.STRING

    def _string(self, data: bytes, position: int) -> int:
        piece, position, is_closed = self._text(data, position)
        self.other += piece
        if is_closed:
            self.other += b'"'
            self._where = _Where.BETWEEN
            if self._depth == 1 and not self._expects_value:
                self._key = _decoded(bytes(self.other[self._string_began :]))
            self._expects_value = False
        return position

    def _content(self, data: bytes, position: int) -> tuple[bytes, int]:
        piece, position, is_closed = self._text(data, position)
        if is_closed:
            self.other += b'"'
            self._where, self._expects_value = _Where.BETWEEN, False
        return _unescaped(piece), position

    def _text(self, data: bytes, position: int) -> tuple[bytes, int, bool]:
        """What of a string comes next, where to go on, whether it ended. An escape that is cut is kept for later."""
        found = _STRING.match(data, position)
        end = found.end() if found else position
        if end < len(data) and data[end] == _QUOTE:
            return data[position:end], end + 1, True
        self._rest = data[end:]
        if self._rest and not _CUT_ESCAPE.fullmatch(self._rest):
            raise BodyMalformed
        return data[position:end], len(data), False


def _unescaped(piece: bytes) -> bytes:
    if b"\\" not in piece:
        return piece
    value = _decoded(b'"' + piece + b'"')
    if not isinstance(value, str) or not value.isascii():
        raise BodyMalformed
    return value.encode("ascii")


def _decoded(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise BodyMalformed from None


class Base64Decoder:
    """Decodes base64 that comes in pieces. Strict: nothing but the alphabet, and padding only at the end."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_over = False

    def feed(self, piece: bytes) -> bytes:
        """The bytes of whole groups so far. Raises BadBase64."""
        whole = self._rest + piece
        cut = len(whole) - len(whole) % 4
        self._rest = whole[cut:]
        if not cut:
            return b""
        if self._is_over:
            raise BadBase64
        self._is_over = whole[cut - 1 : cut] == b"="
        try:
            return base64.b64decode(whole[:cut], validate=True)
        except binascii.Error:
            raise BadBase64 from None

    @property
    def is_whole(self) -> bool:
        """Whether no group is incomplete."""
        return not self._rest
