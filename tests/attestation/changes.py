"""A thousand different changes of one byte: the same ones in every run, in parts for several workers."""

import random
from collections.abc import Iterator

CHANGES = 1_000
PARTS = 4
_PRINTABLE = bytes(range(32, 127))
_HEX = b"0123456789abcdef"


def changed(data: bytes, *, seed: int, part: int) -> Iterator[bytes]:
    """Copies of the data with one byte changed, one of `PARTS` parts of them. No two parts share a change."""
    dice = random.Random(seed)
    seen: set[tuple[int, int]] = set()
    while len(seen) < CHANGES:
        place = dice.randrange(len(data))
        value = dice.choice(_alike(data[place], dice))
        if value == data[place] or (place, value) in seen:
            continue
        seen.add((place, value))
        if len(seen) % PARTS == part:
            yield data[:place] + bytes([value]) + data[place + 1 :]


def _alike(byte: int, dice: random.Random) -> bytes:
    """Values to choose from. A byte of the same kind keeps a text's form, and gets further than any other would."""
    if byte not in _PRINTABLE or dice.random() < 0.2:
        return bytes(range(256))
    return _HEX if byte in _HEX else _PRINTABLE
