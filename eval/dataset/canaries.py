"""Marks planted in private values. One that turns up outside is a leak, and says where it came from."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["column", "row", "document"]

PREFIX = "qz"
ALPHABET = "bcdfghjkmnpqrtvwxz23456789"
TAIL = 8


@dataclass(frozen=True)
class Canary:
    """One mark: `text` as it was planted, and where. `kind` tells which promise breaks when it leaks."""

    text: str
    kind: Kind
    place: str


@dataclass
class CanaryBook:
    """Makes marks that are unique within one data set, and finds where one was planted."""

    chance: random.Random
    by_text: dict[str, Canary] = field(default_factory=dict)

    def word(self, kind: Kind, place: str) -> str:
        """A new mark of letters and digits, such as `qzk4m2x7bd`."""
        return self._plant(lambda: PREFIX + "".join(self.chance.choices(ALPHABET, k=TAIL)), kind, place)

    def number(self, kind: Kind, place: str) -> int:
        """A new mark that is a whole number of eight digits."""
        return int(self._plant(lambda: str(self.chance.randrange(71_000_000, 79_999_999)), kind, place))

    def phone(self, kind: Kind, place: str) -> str:
        """A new mark that reads as a telephone number of a range that nobody has."""
        digits = self._plant(lambda: f"49555{self.chance.randrange(100_000, 999_999)}", kind, place)
        return f"+{digits[:2]} {digits[2:5]} {digits[5:]}"

    def name(self, full_name: str, place: str) -> str:
        """A name that stands for itself: it is looked for without spaces and in small letters."""
        text = full_name.replace(" ", "").lower()
        self.by_text.setdefault(text, Canary(text, "column", place))
        return full_name

    def find(self, text: str) -> Canary | None:
        """The mark of exactly this text (digits only for numbers and telephone numbers)."""
        return self.by_text.get(text)

    def __iter__(self) -> Iterator[Canary]:
        return iter(self.by_text.values())

    def __len__(self) -> int:
        return len(self.by_text)

    def _plant(self, make: Callable[[], str], kind: Kind, place: str) -> str:
        text = make()
        while text in self.by_text:
            text = make()
        self.by_text[text] = Canary(text, kind, place)
        return text
