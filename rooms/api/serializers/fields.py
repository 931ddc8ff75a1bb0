"""Fields that take a text exactly as it was sent."""

from typing import Any

from rest_framework import serializers


class ExactText(serializers.CharField):
    """Text that is neither trimmed nor made from other types; `nul` allows the character U+0000.

    One encoding replaces the base field's character-by-character checks, which take seconds on large texts.
    """

    default_error_messages = {
        "not_text": "Must be a string.",
        "surrogate": "Must be text that can be written as UTF-8.",
        "nul": "Must not contain the character U+0000.",
    }

    def __init__(self, *, nul: bool = False, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)
        self.nul = nul
        kept = [v for v in self.validators if not type(v).__name__.startswith("Prohibit")]
        self.validators = kept

    def to_internal_value(self, data: Any) -> str:
        """The text itself."""
        if not isinstance(data, str):
            self.fail("not_text")
        try:
            data.encode("utf-8")
        except UnicodeEncodeError:
            self.fail("surrogate")
        if not self.nul and "\0" in data:
            self.fail("nul")
        return data.strip() if self.trim_whitespace else data
