"""The few forms of DER (X.690) that the machine certificate's extension needs."""


def object_id(dotted: str) -> bytes:
    """An object identifier."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return _tagged(0x06, b"".join(_arc(arc) for arc in (40 * first + second, *rest)))


def integer(value: int) -> bytes:
    """A number that is not negative."""
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def enumerated(value: int) -> bytes:
    """A choice below 128."""
    return _tagged(0x0A, bytes([value]))


def octets(value: bytes) -> bytes:
    """An octet string."""
    return _tagged(0x04, value)


def sequence(*parts: bytes) -> bytes:
    """Encoded parts in their order."""
    return _tagged(0x30, b"".join(parts))


def _arc(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _tagged(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    counted = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(counted)]) + counted + content
