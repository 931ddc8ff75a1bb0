"""Joins fields into bytes so that no two different lists of fields give the same bytes."""

from collections.abc import Iterable


def length_prefixed(fields: Iterable[bytes]) -> bytes:
    """Each field preceded by its length as eight big-endian bytes."""
    return b"".join(len(field).to_bytes(8, "big") + field for field in fields)
