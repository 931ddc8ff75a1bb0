"""The two canonical JSON forms that are signed and stored. Signed content is serialised nowhere else.

Keys are sorted by code point at every level, there is no white space, floats are in Python's shortest form.
`ROOM_V1` keeps non-ASCII text as UTF-8 (rooms, envelopes, run bodies); `PIN_V1` escapes it (compose pins).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from attestation.errors import CanonicalError

_MAX_DEPTH = 64


@dataclass(frozen=True)
class CanonicalForm:
    """One dialect. Instances are the two module constants."""

    name: str
    ascii_only: bool

    def encode(self, value: object) -> bytes:
        """The only bytes for this value.

        Raises CanonicalError for anything but text, bool, int, finite float, None, lists and objects with
        text keys, for lone surrogates, and for nesting deeper than 64.
        """
        return self._written(_plain(value, depth=0))

    def decode_strict(self, data: bytes) -> object:
        """Parses JSON, in canonical form or not, refusing what two parsers could read differently.

        Raises CanonicalError for repeated keys, NaN and infinities, lone surrogates, bytes that are not UTF-8
        and nesting deeper than 64.
        """
        try:
            text = data.decode("utf-8")
            value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            raise CanonicalError("The data is not acceptable JSON.") from error
        return _plain(value, depth=0)

    def is_exact(self, data: bytes, value: object) -> bool:
        """Whether these are the canonical bytes of the value that `decode_strict` made of them."""
        return self._written(value) == data

    def _written(self, plain: object) -> bytes:
        try:
            text = json.dumps(
                plain, ensure_ascii=self.ascii_only, allow_nan=False, sort_keys=True, separators=(",", ":")
            )
            return text.encode("utf-8")
        except ValueError as error:
            raise CanonicalError from error


ROOM_V1 = CanonicalForm("room-v1", ascii_only=False)
PIN_V1 = CanonicalForm("pin-v1", ascii_only=True)


def _plain(value: object, *, depth: int) -> object:
    """A deep copy made of plain JSON types only."""
    if depth > _MAX_DEPTH:
        raise CanonicalError("The value is nested too deeply.")
    if isinstance(value, str):
        return value if value.isascii() else _encodable(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _finite_value(value)
    if isinstance(value, list | tuple):
        return [_plain(item, depth=depth + 1) for item in value]
    if isinstance(value, dict | Mapping):
        return {_key(name): _plain(item, depth=depth + 1) for name, item in value.items()}
    raise CanonicalError


def _key(name: object) -> str:
    if not isinstance(name, str):
        raise CanonicalError("Object keys must be text.")
    return name if name.isascii() else _encodable(name)


def _encodable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("The text contains a lone surrogate.") from error
    return text


def _finite_value(number: float) -> float:
    if not math.isfinite(number):
        raise CanonicalError("Numbers must be finite.")
    return number


def _finite(text: str) -> float:
    return _finite_value(float(text))


def _refuse(text: str) -> object:
    raise CanonicalError("Numbers must be finite.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise CanonicalError("An object repeats a key.")
    return members
