"""An account as the service tells it: what is left, what is set aside, what was spent on which day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.errors import BadAnswer

DAYS: Final = 30


@dataclass(frozen=True)
class Statement:
    """One account in micro-USD. `is_partial`: all but what is available was added up from the listed entries alone."""

    tenant_id: str
    available_micro_usd: int
    held_micro_usd: int
    spent_micro_usd: int
    credited_micro_usd: int
    is_enforced: bool | None
    entries: list[JsonObject]
    spending: dict[date, int]
    is_partial: bool

    def days(self, now: float) -> list[tuple[date, int]]:
        """What was spent on each of the last thirty days (UTC), oldest first, days without spending included."""
        last = datetime.fromtimestamp(now, UTC).date()
        if last + timedelta(1) in self.spending:  # the service's clock is a little ahead
            last += timedelta(1)
        return [(day, self.spending.get(day, 0)) for day in (last - timedelta(n) for n in range(DAYS - 1, -1, -1))]

    def days_left(self, now: float) -> float | None:
        """How long what is available lasts at the pace of the last seven days, None when nothing was spent in them."""
        week = sum(spent for _, spent in self.days(now)[-7:])
        return max(self.available_micro_usd, 0) * 7 / week if week > 0 else None


def read(answer: JsonObject) -> Statement:
    """The account in a billing answer of any age (BadAnswer when it names no balance)."""
    available = wire.whole(answer, "balance_micro_usd")
    if available is None:
        raise BadAnswer("the service names no balance")
    entries = wire.objects(answer, "ledger")
    told = {name: wire.whole(answer, f"{name}_micro_usd") for name in ("held", "spent", "credited")}
    added = _add_up(entries)
    enforced = answer.get("enforce_credits")
    return Statement(
        tenant_id=wire.text(answer, "tenant_id"),
        available_micro_usd=available,
        held_micro_usd=_first(told["held"], added["held"]),
        spent_micro_usd=_first(told["spent"], added["spent"]),
        credited_micro_usd=_first(told["credited"], added["credited"]),
        is_enforced=enforced if isinstance(enforced, bool) else None,
        entries=entries,
        spending=_told_days(answer) if "spending" in answer else _charged_days(entries),
        is_partial=None in told.values(),
    )


def _first(told: int | None, added: int) -> int:
    return added if told is None else told


def _add_up(entries: Sequence[JsonObject]) -> dict[str, int]:
    by_kind: dict[str, int] = defaultdict(int)
    holding: dict[str, int] = {}
    for entry in entries:
        kind, amount, run_id = wire.text(entry, "kind"), wire.whole(entry, "amount_micro_usd") or 0, _run(entry)
        by_kind[kind] += amount
        if kind == "usage_hold":
            holding[run_id] = holding.get(run_id, 0) - amount
    released = {_run(entry) for entry in entries if wire.text(entry, "kind") in ("usage_release", "usage_charge")}
    held = sum(amount for run_id, amount in holding.items() if run_id not in released)
    return {"held": held, "spent": -by_kind["usage_charge"], "credited": by_kind["credit_grant"]}


def _run(entry: JsonObject) -> str:
    return wire.text(entry, "run_id")


def _told_days(answer: JsonObject) -> dict[date, int]:
    days: dict[date, int] = {}
    for row in wire.objects(answer, "spending"):
        spent = wire.whole(row, "spent_micro_usd")
        try:
            days[date.fromisoformat(wire.text(row, "date"))] = spent or 0
        except ValueError:
            continue
    return days


def _charged_days(entries: Sequence[JsonObject]) -> dict[date, int]:
    days: dict[date, int] = defaultdict(int)
    for entry in entries:
        moment = wire.number(entry, "created_at")
        if wire.text(entry, "kind") == "usage_charge" and moment is not None:
            try:
                day = datetime.fromtimestamp(moment, UTC).date()
            except (ValueError, OverflowError, OSError):
                continue
            days[day] -= wire.whole(entry, "amount_micro_usd") or 0
    return dict(days)
