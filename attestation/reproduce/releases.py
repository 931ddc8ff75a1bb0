"""The registry contract's two questions and their answers, in the ABI of Ethereum contracts.

Answers are read strictly: what the encoder of a contract would not have written is refused, because two readers
could take it for two things.
"""

from dataclasses import dataclass
from typing import Final

from attestation.encoding import unhex
from attestation.errors import EncodingError
from attestation.reproduce.errors import RegistryAnswerMalformed

_IS_APP_ALLOWED: Final = bytes.fromhex("90144031")  # isAppAllowed(bytes32)
_RELEASES: Final = bytes.fromhex("f491a84c")  # releases(bytes32)
_WORD: Final = 32
_HEAD_WORDS: Final = 5
_LARGEST_TEXT: Final = 2048
_LARGEST_TIME: Final = 2**64 - 1


@dataclass(frozen=True, kw_only=True)
class Release:
    """A registered build. Times are unix seconds, 0 for never; commit and URI are whatever was registered."""

    approved: bool
    approved_at: int
    revoked_at: int
    commit: str
    uri: str


def ask_allowed(compose_hash: str) -> bytes:
    """Call data that ask whether a build (64 lowercase hex digits) is allowed. Raises EncodingError."""
    return _IS_APP_ALLOWED + unhex(compose_hash, _WORD)


def ask_release(compose_hash: str) -> bytes:
    """Call data that ask for a build's registration (64 lowercase hex digits). Raises EncodingError."""
    return _RELEASES + unhex(compose_hash, _WORD)


def read_allowed(returned: bytes) -> bool:
    """The answer to `ask_allowed`. Raises RegistryAnswerMalformed."""
    if len(returned) != _WORD:
        raise RegistryAnswerMalformed
    return _flag(returned)


def read_release(returned: bytes) -> Release:
    """The answer to `ask_release`. Raises RegistryAnswerMalformed."""
    head = _HEAD_WORDS * _WORD
    if len(returned) < head + 2 * _WORD:
        raise RegistryAnswerMalformed
    words = [returned[start : start + _WORD] for start in range(0, head, _WORD)]
    commit, behind = _text(returned, head)
    uri, end = _text(returned, behind)
    if (_number(words[3]), _number(words[4]), len(returned)) != (head, behind, end):
        raise RegistryAnswerMalformed
    approved_at, revoked_at = _number(words[1]), _number(words[2])
    if max(approved_at, revoked_at) > _LARGEST_TIME:
        raise RegistryAnswerMalformed
    return Release(approved=_flag(words[0]), approved_at=approved_at, revoked_at=revoked_at, commit=commit, uri=uri)


def read_result(text: object) -> bytes:
    """The bytes of a call's result as JSON-RPC carries it: `0x` and lowercase hex. Raises RegistryAnswerMalformed."""
    if not isinstance(text, str) or not text.startswith("0x"):
        raise RegistryAnswerMalformed
    try:
        return unhex(text.removeprefix("0x"))
    except EncodingError as error:
        raise RegistryAnswerMalformed from error


def _text(returned: bytes, start: int) -> tuple[str, int]:
    """The text whose length stands at `start`, and where its padding ends."""
    length = _number(returned[start : start + _WORD])
    if length > _LARGEST_TEXT or start + _WORD > len(returned):
        raise RegistryAnswerMalformed
    begin = start + _WORD
    end = begin + -(-length // _WORD) * _WORD
    if end > len(returned) or any(returned[begin + length : end]):
        raise RegistryAnswerMalformed
    try:
        return returned[begin : begin + length].decode("utf-8"), end
    except UnicodeDecodeError as error:
        raise RegistryAnswerMalformed from error


def _flag(word: bytes) -> bool:
    number = _number(word)
    if number > 1:
        raise RegistryAnswerMalformed
    return number == 1


def _number(word: bytes) -> int:
    return int.from_bytes(word, "big")
