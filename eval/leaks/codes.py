"""Undoing what programs write texts as: base64, hexadecimal, character numbers, bits, escapes, unseen characters."""

import base64
import binascii
import html
import quopri
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus

LONGEST = 200_000
SHORTEST = 8
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_BASE32 = re.compile(r"[A-Z2-7]{12,}={0,6}", re.IGNORECASE)
_ASCII85 = re.compile(r"[!-u]{12,}")
_BASE85 = re.compile(r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{12,}")
_HEX = re.compile(r"(?:(?:0x|\\x|%)?[0-9a-fA-F]{2}[\s:,._-]?){6,}")
_NUMBERS = re.compile(r"(?<!\d)(?:\d{2,3}\D{1,6}){5,}\d{2,3}(?!\d)")
_OCTAL = re.compile(r"(?:\\?[0-7]{3}[\s,]?){6,}")
_BITS = re.compile(r"(?:[01]{7,8}[\s,]?){6,}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\u\{([0-9a-fA-F]+)\}|\\x([0-9a-fA-F]{2})|&#x?([0-9a-fA-F]+);")
_UNSEEN_BITS = (("\u200b", "\u200c"), ("\u200c", "\u200b"), ("\u200b", "\u200d"), ("\u200c", "\u200d"))
_ROT47 = {number: 33 + (number - 33 + 47) % 94 for number in range(33, 127)}
_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
    " ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_MORSE = dict(zip(_SIGNS.split(), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True))


def decoded(text: str) -> list[str]:
    """Every text that this one may stand for, one step back, as far as it is readable and long enough for a mark."""
    found = {one for undo in _WAYS for one in undo(text[:LONGEST]) if one != text and _is_worth_reading(one)}
    return sorted(found)


def _is_worth_reading(text: str) -> bool:
    letters = sum(map(str.isalnum, text))
    return letters >= SHORTEST and letters * 4 >= len(text)


def _readable(raw: bytes) -> str:
    """The text of some bytes; empty when they are none."""
    text = raw.decode("utf-8", "ignore")
    seen = sum(char.isprintable() or char in "\n\t" for char in text)
    return text if len(text) * 2 > len(raw) and seen * 10 >= len(text) * 8 else ""


def _base64(text: str) -> Iterator[str]:
    for run in [*_BASE64.findall(text), *_BASE64.findall(re.sub(r"[\s|]+", "", text))]:
        letters = run.rstrip("=").replace("-", "+").replace("_", "/")
        for start in range(4):
            part = letters[start:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            raw = base64.b64decode(part + "=" * (-len(part) % 4))
            yield _readable(raw)
            yield _inflated(raw)


def _inflated(raw: bytes) -> str:
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return _readable(zlib.decompressobj(window).decompress(raw, LONGEST))
        except zlib.error:
            continue
    return ""


def _base32(text: str) -> Iterator[str]:
    for run in [*_BASE32.findall(text), *_BASE32.findall(re.sub(r"[\s|]+", "", text))]:
        letters = run.rstrip("=").upper()
        yield from _try(base64.b32decode, letters[: len(letters) - len(letters) % 8])
        yield from _try(base64.b32decode, letters + "=" * (-len(letters) % 8))


def _base85(text: str) -> Iterator[str]:
    for run in _ASCII85.findall(text):
        yield from _try(base64.a85decode, run)
    for run in _BASE85.findall(text):
        yield from _try(base64.b85decode, run)


def _try(undo: Callable[[str], bytes], letters: str) -> Iterator[str]:
    try:
        yield _readable(undo(letters))
    except (ValueError, binascii.Error):
        return


def _hex(text: str) -> Iterator[str]:
    for run in [*_HEX.findall(text), *_HEX.findall(re.sub(r"[\s|]+", "", text))]:
        digits = re.sub(r"0x|\\x|%|[\s:,._-]", "", run)
        for start in range(2):
            part = digits[start:]
            yield _readable(bytes.fromhex(part[: len(part) - len(part) % 2]))


def _numbers(text: str) -> Iterator[str]:
    for run in _NUMBERS.findall(text):
        yield "".join(chr(int(number)) for number in re.findall(r"\d+", run))
    yield "".join(chr(int(n)) for n in re.findall(r"(?<![\d.])\d{2,3}(?![\d.])", text) if 32 <= int(n) < 127)


def _octal(text: str) -> Iterator[str]:
    for run in _OCTAL.findall(text):
        yield "".join(chr(int(number, 8)) for number in re.findall(r"[0-7]{3}", run))


def _bits(text: str) -> Iterator[str]:
    for run in _BITS.findall(text):
        bits = re.sub(r"[\s,]", "", run)
        for width in (8, 7):
            yield "".join(chr(int(bits[at : at + width], 2)) for at in range(0, len(bits) - width + 1, width))


def _unseen(text: str) -> Iterator[str]:
    yield "".join(chr(ord(char) - 0xE0000) for char in text if 0xE0020 <= ord(char) <= 0xE007E)
    for zero, one in _UNSEEN_BITS:
        bits = "".join("1" if char == one else "0" for char in text if char in (zero, one))
        yield "".join(chr(int(bits[at : at + 8], 2)) for at in range(0, len(bits) - 7, 8))
    case = "".join("1" if char.isupper() else "0" for char in text if char.isalpha())
    yield "".join(chr(int(case[at : at + 8], 2)) for at in range(0, len(case) - 7, 8))


def rewritten(text: str) -> list[str]:
    """The whole text as it was before something simple was done to all of it: escapes, reversal, rot47."""
    ways = (
        unquote_plus(text),
        html.unescape(text),
        _ESCAPE.sub(_escaped, text),
        quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace"),
        text[::-1],
        text.translate(_ROT47),
    )
    return [one for one in dict.fromkeys(ways) if one != text]


def _escaped(match: re.Match[str]) -> str:
    number = int(next(group for group in match.groups() if group), 16)
    return chr(number) if number < 0x110000 else ""


def _morse(text: str) -> Iterator[str]:
    yield "".join(_MORSE.get(sign, "") for sign in re.findall(r"[.-]+", text.replace("\u00b7", ".")))


_WAYS = (_base64, _base32, _base85, _hex, _numbers, _octal, _bits, _unseen, _morse)
