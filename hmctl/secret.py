"""A value that is used but never shown."""

from typing import Final

from hmctl.errors import BadInput

_LONGEST: Final = 512


class Secret:
    """A bearer or key. It has no text form; whoever needs the text says `reveal()`."""

    __slots__ = ("_text",)

    def __init__(self, text: str, *, what: str = "the key") -> None:
        """Refuses what cannot travel in a header, without repeating it (BadInput)."""
        usable = text.isascii() and text.isprintable() and " " not in text
        if not text or not usable or len(text) > _LONGEST:
            raise BadInput(f"{what} is empty or holds characters that no key has")
        self._text = text

    def reveal(self) -> str:
        """The text itself, for a header or a private file."""
        return self._text

    def starts_with(self, prefix: str) -> bool:
        """Whether the text begins with a public prefix such as `hmk_`."""
        return self._text.startswith(prefix)

    @property
    def masked(self) -> str:
        """A form for people: the kind of key and nothing else."""
        head, mark, _ = self._text.partition("_")
        return f"{head}_…" if mark and len(head) <= 4 else "…"

    def __repr__(self) -> str:
        return f"Secret({self.masked})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)
