"""Reading untrusted JSON field by field, collecting what is wrong with it.

The shape of a `Problem` is the one FastAPI clients know: `type`, `loc`, `msg`. The offending value itself is
never part of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a request body."""

    type: str
    loc: Location
    msg: str

    def as_dict(self) -> dict[str, Any]:
        """The item of a 422 answer's `detail` list."""
        return {"type": self.type, "loc": list(self.loc), "msg": self.msg}


class RequestInvalid(Exception):
    """The body of a request does not fit its endpoint."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(f"{len(problems)} problem(s) in the request")
        self.problems = problems


def invalid(kind: str, loc: Location, message: str) -> RequestInvalid:
    """A `RequestInvalid` with one problem."""
    return RequestInvalid(Problem(kind, loc, message))


class Fields:
    """Typed access to the keys of one untrusted JSON object.

    Every reader returns the default for a key that is absent or null and raises `RequestInvalid` for a
    value of another type.
    """

    def __init__(self, data: Mapping[str, Any], *, loc: Location = ("body",)) -> None:
        self.data = data
        self.loc = loc

    def at(self, name: str) -> Location:
        """Where `name` lies in the request."""
        return (*self.loc, name)

    def require(self, name: str) -> None:
        """Refuse the object when `name` is absent."""
        if name not in self.data:
            raise invalid("missing", self.at(name), "Field required")

    def text(self, name: str, default: str | None = None) -> str | None:
        """A string."""
        value = self.data.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise invalid("string_type", self.at(name), "Input should be a valid string")
        return value

    def required_text(self, name: str) -> str:
        """A string that has to be there."""
        self.require(name)
        value = self.text(name)
        if value is None:
            raise invalid("string_type", self.at(name), "Input should be a valid string")
        return value

    def integer(self, name: str, *, minimum: int = 1, maximum: int | None = None) -> int | None:
        """A whole number within bounds; `5.0` and `"5"` count as 5."""
        value = _whole(self.data.get(name), self.at(name))
        if value is None:
            return None
        if value < minimum:
            text = f"Input should be greater than or equal to {minimum}"
            raise invalid("greater_than_equal", self.at(name), text)
        if maximum is not None and value > maximum:
            text = f"Input should be less than or equal to {maximum}"
            raise invalid("less_than_equal", self.at(name), text)
        return value

    def number(self, name: str) -> float | int | None:
        """A finite number."""
        value = self.data.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise invalid("float_type", self.at(name), "Input should be a valid number")
        return value

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """True or false."""
        value = self.data.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid("bool_type", self.at(name), "Input should be a valid boolean")
        return value

    def mapping(self, name: str) -> dict[str, Any] | None:
        """A JSON object."""
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise invalid("dict_type", self.at(name), "Input should be a valid dictionary")
        return value

    def items(self, name: str) -> list[Any] | None:
        """A JSON array."""
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise invalid("list_type", self.at(name), "Input should be a valid list")
        return value

    def required_items(self, name: str) -> list[Any]:
        """A JSON array that has to be there."""
        self.require(name)
        value = self.items(name)
        if value is None:
            raise invalid("list_type", self.at(name), "Input should be a valid list")
        return value


def as_object(value: object, *, loc: Location) -> dict[str, Any]:
    """The value, refused unless it is a JSON object."""
    if not isinstance(value, dict):
        raise invalid("dict_type", loc, "Input should be a valid dictionary")
    return value


def _whole(value: object, loc: Location) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid("int_type", loc, "Input should be a valid integer")
    return value
