"""Option values that people write in words: amounts of money, durations, moments."""

import re
from datetime import UTC, datetime
from typing import Final

import click

_AMOUNT: Final = re.compile(r"\$?([0-9]{1,9})(?:\.([0-9]{1,6}))?")
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Usd(click.ParamType[int]):
    """Dollars with up to six decimals, as whole micro-USD; nothing is ever rounded."""

    name = "usd"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Micro-USD of `5`, `5.25` or `$0.000001`."""
        if isinstance(value, int):
            return value
        match = _AMOUNT.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{str(value)[:40]!r} is no amount in dollars such as 5 or 0.25 (up to six decimals)", param, ctx)
        return int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0"))


class Duration(click.ParamType[int]):
    """A time span in seconds, written `90`, `30m`, `24h`, `7d` or `2w`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds, at least one."""
        if isinstance(value, int):
            return value
        match = _DURATION.fullmatch(str(value).strip().lower())
        seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
        if seconds < 1:
            self.fail(f"{str(value)[:40]!r} is no duration such as 90s, 30m, 24h, 7d or 2w", param, ctx)
        return seconds


class Moment(click.ParamType[float]):
    """A moment in Unix seconds, written as an ISO date or time; without an offset it is UTC."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Unix seconds."""
        if isinstance(value, float):
            return value
        try:
            moment = datetime.fromisoformat(str(value).strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            self.fail(f"{str(value)[:40]!r} is no date such as 2027-01-31 or 2027-01-31T09:00Z", param, ctx)


USD: Final = Usd()
DURATION: Final = Duration()
MOMENT: Final = Moment()


def dollars(amount_micro_usd: int) -> str:
    """The exact amount as a request carries it, as in `5.250000`."""
    return f"{amount_micro_usd // 1_000_000}.{amount_micro_usd % 1_000_000:06d}"
