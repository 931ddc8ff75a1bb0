"""Everything that the servers of a case were told, kept as it arrived, and whether a secret was in it."""

import base64
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import quote


class Witness:
    """Bytes by the place where they arrived. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: list[tuple[str, bytearray]] = []

    def conversation(self, place: str) -> bytearray:
        """A buffer for one connection; what is added to it counts as heard at that place."""
        heard = bytearray()
        with self._lock:
            self._heard.append((place, heard))
        return heard

    def forget(self) -> None:
        """Starts anew: what an honest first part of a case was told does not count."""
        with self._lock:
            for _, what in self._heard:
                what.clear()

    def heard_at(self, place: str) -> bool:
        """Whether anything was said there."""
        with self._lock:
            return any(where == place and what for where, what in self._heard)

    def places_of(self, text: str) -> set[str]:
        """Where this text was heard, in clear or in a usual encoding."""
        with self._lock:
            heard = [(place, bytes(what)) for place, what in self._heard]
        return {place for place, what in heard for form in forms(text) if form in what}

    def leaks(self, secrets: Mapping[str, str], *, allowed: frozenset[str]) -> list[str]:
        """The secrets that were heard where they had no business, as sentences without the secrets themselves."""
        return [f"{name} was seen by {place}" for name, place in self._heard_of(secrets) if name not in allowed]

    def _heard_of(self, secrets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, text in sorted(secrets.items()):
            for place in sorted(self.places_of(text)):
                yield name, place


def forms(text: str) -> list[bytes]:
    """The text as it can stand in a header, a query, a body, or an encoded part of one."""
    plain = text.encode()
    shifted = (base64.b64encode(bytes(pad) + plain)[4 if pad else 0 : -4] for pad in range(3))
    found = [plain, quote(text, safe="").encode(), plain.hex().encode(), *shifted]
    found += [text.encode("utf-16-le"), base64.urlsafe_b64encode(plain)[:-4]]
    return [form for form in found if len(form) >= 12]
