"""Fields of requests about money. What is no plain number, moment or text is refused, whatever could be made of it.

Numbers and moments are refused by the errors of their subject, which are 400s: amounts, uses, expiries, prices. A field
that is missing or null counts as no number.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.errors import BadAmount, BadNote
from billing.money import micro_usd
from hivemind.kit import bearers
from hivemind.kit.errors import Invalid

LATEST_SECONDS = 253_402_300_799  # the end of the year 9999
LONGEST_NUMBER = 40


def _refused(field: serializers.Field[Any, Any, Any, Any], key: str, *, by: type[Invalid], wanted: str) -> NoReturn:
    raise by(f"{field.field_name} {'is required' if key in ('required', 'null') else wanted}")


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "examples": ["3.00"]})
class Dollars(serializers.Field[int, Any, Any, Any]):
    """Dollars as a decimal, best written as a string; becomes micro-USD. Raises BadAmount, naming the field."""

    def __init__(self, *, minimum: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.minimum = minimum

    def fail(self, key: str, **details: Any) -> NoReturn:
        """Raise BadAmount."""
        _refused(self, key, by=BadAmount, wanted="must be a decimal number such as 3.00")

    def to_internal_value(self, data: Any) -> int:
        """The amount in micro-USD."""
        return micro_usd(data, field=str(self.field_name), minimum=self.minimum)

    def to_representation(self, value: int) -> int:
        """The amount itself; no response has this field."""
        return value


class WholeNumber(serializers.IntegerField):
    """A whole number, as a number or in ASCII digits. A truth value is none. Without a `refusal` it is malformed."""

    def __init__(self, *, refusal: type[Invalid] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.refusal = refusal

    def fail(self, key: str, **details: Any) -> NoReturn:
        """Raise the refusal."""
        if self.refusal is None:
            super().fail(key, **details)
        _refused(self, key, by=self.refusal, wanted="must be a whole number")

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if not _is_number(data):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "number"})
class Moment(serializers.Field[datetime, Any, Any, Any]):
    """Unix seconds; becomes a moment. Whether it lies in the future is for whoever uses it to say.

    Without a `refusal`, what is none is malformed.
    """

    default_error_messages = {"invalid": "Must be Unix seconds."}

    def __init__(self, *, refusal: type[Invalid] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.refusal = refusal

    def fail(self, key: str, **details: Any) -> NoReturn:
        """Raise the refusal."""
        if self.refusal is None:
            super().fail(key, **details)
        _refused(self, key, by=self.refusal, wanted="must be Unix seconds")

    def get_value(self, dictionary: Mapping[Any, Any]) -> Any:
        """What was sent. In a query string too, an empty one is not the same as none."""
        return dictionary.get(self.field_name, serializers.empty)

    def to_internal_value(self, data: Any) -> datetime:
        """The moment, in UTC."""
        if not _is_number(data):
            self.fail("invalid")
        try:
            seconds = float(data)
        except (ValueError, OverflowError):
            self.fail("invalid")
        if not math.isfinite(seconds) or not 0 <= seconds <= LATEST_SECONDS:
            self.fail("invalid")
        return datetime.fromtimestamp(seconds, UTC)

    def to_representation(self, value: datetime) -> float:
        """Unix seconds; no response has this field."""
        return value.timestamp()


class Text(serializers.CharField):
    """A text. Nothing else is made into one."""

    def to_internal_value(self, data: Any) -> str:
        """The text, trimmed unless the field says otherwise."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Note(Text):
    """What the owner of the account reads beside a movement. Raises BadNote for one that holds a token or code."""

    def to_internal_value(self, data: Any) -> str:
        """The note."""
        note = super().to_internal_value(data)
        if bearers.holds_one(note):
            raise BadNote
        return note


def _is_number(data: Any) -> bool:
    if isinstance(data, bool) or not isinstance(data, int | float | str):
        return False
    return not isinstance(data, str) or (data.isascii() and "_" not in data and len(data) <= LONGEST_NUMBER)
