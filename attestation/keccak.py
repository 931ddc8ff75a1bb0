"""Keccak-256 as Ethereum uses it: SHA-3's permutation with the padding from before its standardisation.

The standard library has SHA-3 only. Made for inputs of some hundred bytes; it is not fast.
"""

from typing import Final

_RATE: Final = 136
_MASK: Final = (1 << 64) - 1
_LANES: Final = 25


def keccak256(data: bytes) -> bytes:
    """The 32-byte digest."""
    return sponge256(data, domain=0x01)


def sponge256(data: bytes, *, domain: int) -> bytes:
    """The sponge with 256 bits of output; `domain` is the first padding byte (0x06 gives SHA3-256)."""
    padding = bytearray(_RATE - len(data) % _RATE)
    padding[0] ^= domain
    padding[-1] ^= 0x80
    padded = data + padding
    state = [0] * _LANES
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            at = start + 8 * lane
            state[lane] ^= int.from_bytes(padded[at : at + 8], "little")
        state = _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _rotations() -> list[int]:
    """Rotation of each lane (FIPS 202, 3.2.2)."""
    amounts = [0] * _LANES
    x, y = 1, 0
    for step in range(24):
        amounts[x + 5 * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return amounts


def _round_constants() -> list[int]:
    """The 24 constants from their shift register (FIPS 202, 3.2.5)."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for bit in range(7):
            constant |= (register & 1) << ((1 << bit) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


_ROTATIONS: Final = _rotations()
_CONSTANTS: Final = _round_constants()


def _rotated(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK


def _permute(state: list[int]) -> list[int]:
    for constant in _CONSTANTS:
        columns = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        parity = [columns[(x - 1) % 5] ^ _rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * _LANES
        for x in range(5):
            for y in range(5):
                lane = _rotated(state[x + 5 * y] ^ parity[x], _ROTATIONS[x + 5 * y])
                moved[y + 5 * ((2 * x + 3 * y) % 5)] = lane
        state = [
            moved[x + 5 * y] ^ (~moved[(x + 1) % 5 + 5 * y] & _MASK & moved[(x + 2) % 5 + 5 * y])
            for y in range(5)
            for x in range(5)
        ]
        state[0] ^= constant
    return state
