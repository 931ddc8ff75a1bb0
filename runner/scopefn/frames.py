"""How the worker and the locked process talk: a length, a kind, a body.

Towards the locked process a body may be a pickle, because the sender is trusted. From it only fixed
structures and text come back, because after a break-out its bytes are a stranger's: the reader caps the
length and decodes nothing clever.
"""

import os
import struct

LENGTH = struct.Struct("<I")
ALLOWED_HEAD = struct.Struct("<I?")
REASON_LENGTH = struct.Struct("<H")

SETUP, LOAD, CALL = b"S", b"L", b"C"
READY, UNLOCKED, LOADED, INVALID, ALLOWED, DENIED = b"r", b"u", b"l", b"i", b"a", b"d"

MAX_REASON_CHARS = 500


def read_exactly(fd: int, count: int) -> bytes:
    """Read ``count`` bytes from a blocking descriptor; raises EOFError when the other side is gone."""
    first = os.read(fd, count)
    if len(first) == count:
        return first
    buffer = bytearray(first)
    while len(buffer) < count:
        chunk = os.read(fd, min(count - len(buffer), 1 << 20))
        if not chunk:
            raise EOFError
        buffer += chunk
    return bytes(buffer)


def read_frame(fd: int) -> bytes:
    """Read one frame (kind and body) from a blocking descriptor; raises EOFError at the end."""
    (length,) = LENGTH.unpack(read_exactly(fd, LENGTH.size))
    return read_exactly(fd, length)


def write_frame(fd: int, payload: bytes) -> None:
    """Write one frame to a blocking descriptor."""
    view = memoryview(LENGTH.pack(len(payload)) + payload)
    while view:
        view = view[os.write(fd, view) :]


def pack_denied(reason: str, detail: str) -> bytes:
    """Build a denial: a reason that anybody may read and a detail only for the author of the function."""
    head = reason[:MAX_REASON_CHARS].encode("utf-8", "replace")
    body = detail[: 2 * MAX_REASON_CHARS].encode("utf-8", "replace")
    return DENIED + REASON_LENGTH.pack(len(head)) + head + body


def unpack_denied(body: bytes) -> tuple[str, str]:
    """Take a denial apart; raises ValueError when it is not one."""
    if len(body) < REASON_LENGTH.size:
        raise ValueError("denial is cut short")
    (length,) = REASON_LENGTH.unpack_from(body)
    head, rest = body[REASON_LENGTH.size : REASON_LENGTH.size + length], body[REASON_LENGTH.size + length :]
    if len(head) < length:
        raise ValueError("denial is cut short")
    return head.decode(), rest.decode()


def unpack_allowed(body: bytes) -> tuple[int, bool, str]:
    """Take an allowed result apart: rows, truncated, JSON text; raises ValueError when it is not one."""
    if len(body) < ALLOWED_HEAD.size:
        raise ValueError("result is cut short")
    row_count, truncated = ALLOWED_HEAD.unpack_from(body)
    return row_count, truncated, body[ALLOWED_HEAD.size :].decode()
