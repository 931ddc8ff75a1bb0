"""Typed access to members of a parsed JSON object.

Wrong or missing members are ManifestErrors that name the field.
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from attestation.errors import ManifestError

SHA256_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Reader:
    """One object and where it sits; every method refuses what is absent or of another type."""

    members: Mapping[str, Any]
    where: str = ""

    def field(self, name: str) -> str:
        """Dotted name for messages."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        """Whether the member is there at all."""
        return name in self.members

    def text(self, name: str) -> str:
        """A text, possibly empty."""
        value = self.members.get(name)
        if not isinstance(value, str):
            raise ManifestError("not_text", self.field(name))
        return value

    def filled(self, name: str) -> str:
        """A text that is not empty."""
        value = self.text(name)
        if not value:
            raise ManifestError("empty", self.field(name))
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """One of the given texts."""
        value = self.text(name)
        if value not in allowed:
            raise ManifestError("unknown_choice", self.field(name))
        return value

    def sha256(self, name: str) -> str:
        """A lowercase hex SHA-256."""
        value = self.text(name)
        if not SHA256_HEX.fullmatch(value):
            raise ManifestError("not_sha256", self.field(name))
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.members.get(name)
        if not isinstance(value, bool):
            raise ManifestError("not_boolean", self.field(name))
        return value

    def moment(self, name: str) -> float:
        """Unix seconds."""
        value = self.members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise ManifestError("not_number", self.field(name))
        return float(value)

    def count(self, name: str) -> int:
        """A whole number, zero or more."""
        value = self.members.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ManifestError("not_count", self.field(name))
        return value

    def items(self, name: str) -> list[Any]:
        """A list of anything."""
        value = self.members.get(name)
        if not isinstance(value, list):
            raise ManifestError("not_list", self.field(name))
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        values = self.items(name)
        if not all(isinstance(value, str) for value in values):
            raise ManifestError("not_text", self.field(name))
        return tuple(values)

    def object(self, name: str) -> "Reader":
        """A nested object."""
        value = self.members.get(name)
        if not isinstance(value, Mapping):
            raise ManifestError("not_object", self.field(name))
        return Reader(value, self.field(name))

    def objects(self, name: str) -> list["Reader"]:
        """A list of objects."""
        values = self.items(name)
        if not all(isinstance(value, Mapping) for value in values):
            raise ManifestError("not_object", self.field(name))
        return [Reader(value, f"{self.field(name)}[{index}]") for index, value in enumerate(values)]


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False
