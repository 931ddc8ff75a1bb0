"""Whose signature it is: the public key behind a recoverable signature over secp256k1 (SEC 1, section 4.1.6).

For evidence that is being put together. Whoever verifies it is told the key and needs none of this.
"""

from typing import Final, TypeAlias

from attestation.evidence.errors import KeyChainBroken

SIGNATURE_BYTES: Final = 65
_FIELD: Final = 2**256 - 2**32 - 977
_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_Point: TypeAlias = tuple[int, int] | None
_BASE: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def recover(digest: bytes, signature: bytes) -> bytes:
    """The compressed public key under which `signature` (r, s and one byte that chooses among the candidates) holds.

    Raises KeyChainBroken when no key fits.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise KeyChainBroken
    r, s, choice = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if not (0 < r < _ORDER and 0 < s < _ORDER and choice < 4):
        raise KeyChainBroken
    nonce_point = _lift(r + _ORDER * (choice >> 1), odd=bool(choice & 1))
    inverse = pow(r, -1, _ORDER)
    minus_message = -int.from_bytes(digest, "big") * inverse % _ORDER
    public = _add(_times(nonce_point, s * inverse % _ORDER), _times(_BASE, minus_message))
    if public is None:
        raise KeyChainBroken
    return bytes([2 + (public[1] & 1)]) + public[0].to_bytes(32, "big")


def _lift(x: int, *, odd: bool) -> _Point:
    if x >= _FIELD:
        raise KeyChainBroken
    square = (pow(x, 3, _FIELD) + 7) % _FIELD
    y = pow(square, (_FIELD + 1) // 4, _FIELD)
    if y * y % _FIELD != square:
        raise KeyChainBroken
    return x, y if bool(y & 1) == odd else _FIELD - y


def _times(point: _Point, count: int) -> _Point:
    total: _Point = None
    while count:
        if count & 1:
            total = _add(total, point)
        point, count = _add(point, point), count >> 1
    return total


def _add(left: _Point, right: _Point) -> _Point:
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % _FIELD == 0:
        return None
    if left == right:
        slope = 3 * x1 * x1 * pow(2 * y1, -1, _FIELD) % _FIELD
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, _FIELD) % _FIELD
    x3 = (slope * slope - x1 - x2) % _FIELD
    return x3, (slope * (x1 - x3) - y1) % _FIELD
