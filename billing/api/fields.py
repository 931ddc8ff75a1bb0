"""Fields of requests about money. What is no plain number, moment or text is refused, whatever could be made of it."""

import math
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.errors import BadNote
from billing.money import micro_usd
from hivemind.kit import bearers

LATEST_SECONDS = 253_402_300_799  # the end of the year 9999
LONGEST_NUMBER = 40


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "examples": ["3.00"]})
class Dollars(serializers.Field[int, Any, Any, Any]):
    """Dollars as a decimal, best written as a string; becomes micro-USD. Raises BadAmount, naming the field."""

    def __init__(self, *, minimum: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.minimum = minimum

    def to_internal_value(self, data: Any) -> int:
        """The amount in micro-USD."""
        return micro_usd(data, field=str(self.field_name), minimum=self.minimum)

    def to_representation(self, value: int) -> int:
        """The amount itself; no response has this field."""
        return value


class WholeNumber(serializers.IntegerField):
    """A whole number, as a number or in ASCII digits. A truth value is none."""

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if not _is_number(data):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "number"})
class Moment(serializers.Field[datetime, Any, Any, Any]):
    """Unix seconds; becomes a moment. Whether it lies in the future is for whoever uses it to say."""

    default_error_messages = {"invalid": "Must be Unix seconds."}

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
