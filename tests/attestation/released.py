"""What a registry contract returns, written by an encoder of its own."""


def word(number: int) -> bytes:
    return int(number).to_bytes(32, "big")


def text(content: bytes) -> bytes:
    return word(len(content)) + content + bytes(-len(content) % 32)


def encoded(*, approved: int, approved_at: int, revoked_at: int, commit: bytes, uri: bytes) -> bytes:
    """The tuple (bool, uint64, uint64, string, string)."""
    head = word(approved) + word(approved_at) + word(revoked_at) + word(160) + word(160 + len(text(commit)))
    return head + text(commit) + text(uri)
