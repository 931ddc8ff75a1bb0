"""An account as a person reads it: figures, days, movements, and what to do about an empty one."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.render import columns, units
from hmctl.statement import Statement

_BAR: Final = 30
_SHORT_OF_DAYS: Final = 7.0


def figures(statement: Statement) -> str:
    """Available, held, spent, credited."""
    note = f" (by the newest {len(statement.entries)} entries)" if statement.is_partial else ""
    facts = [
        ("Tenant", statement.tenant_id or "-"),
        ("Available", units.micro_usd(statement.available_micro_usd)),
        ("Held", units.micro_usd(statement.held_micro_usd) + note),
        ("Spent", units.micro_usd(statement.spent_micro_usd) + note),
        ("Credited", units.micro_usd(statement.credited_micro_usd) + note),
    ]
    if statement.is_enforced is not None:
        told = "required for questions that cost" if statement.is_enforced else "not required"
        facts.append(("Credit", told))
    return columns.labelled(facts)


def movements(entries: Sequence[JsonObject], *, with_tenant: bool = False) -> str:
    """The ledger, one entry per line."""
    header = ["WHEN", *(["TENANT"] if with_tenant else []), "KIND", "AMOUNT", "RUN"]
    rows = []
    for entry in entries:
        amount = wire.whole(entry, "amount_micro_usd")
        tenant = [wire.text(entry, "name") or wire.text(entry, "tenant_id") or "-"] if with_tenant else []
        rows.append(
            [
                units.moment(wire.number(entry, "created_at")),
                *tenant,
                wire.text(entry, "kind") or "-",
                "-" if amount is None else units.micro_usd(amount),
                wire.text(entry, "run_id") or "-",
            ]
        )
    return columns.table(header, rows)


def plain_days(days: Sequence[tuple[date, int]]) -> str:
    """The days with spending as a table with bars of `#`; nothing when there are none."""
    highest = max((spent for _, spent in days), default=0)
    if highest <= 0:
        return ""
    rows = [
        (day.isoformat(), units.micro_usd(spent), "#" * max(1, round(spent * _BAR / highest)))
        for day, spent in days
        if spent > 0
    ]
    return columns.table(("DAY", "SPENT", ""), rows)


def advice(statement: Statement, *, now: float) -> str:
    """What to do when there is little or nothing left, else nothing."""
    ways = "`hmctl redeem-credit -` adds the credit of a code; the operator can add some too."
    if statement.available_micro_usd <= 0:
        if statement.is_enforced is False:
            return "nothing is left, but this service answers all the same"
        held = " Some is only held: it comes back when running questions end." if statement.held_micro_usd > 0 else ""
        return f"nothing is left to spend, so questions that cost are refused.{held} {ways}"
    left = statement.days_left(now)
    if left is not None and left < _SHORT_OF_DAYS:
        whole = f"about {left:.0f} days" if left >= 2 else "less than two days"
        return f"at the pace of the last week this lasts {whole}. {ways}"
    return ""
