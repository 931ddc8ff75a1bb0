"""Moving money by hand: grants, debits and refunds differ in a word and a question."""

from dataclasses import dataclass, field
from typing import Final, Literal

from hmctl import ids
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands import params
from hmctl.commands.admin.operating import Operating
from hmctl.errors import BadUsage, TransportFailed
from hmctl.render import columns, units

Kind = Literal["credits", "debits", "refunds"]
_DONE: Final[dict[Kind, str]] = {"credits": "Granted", "debits": "Taken", "refunds": "Refunded"}


@dataclass(frozen=True)
class Movement:
    """What was asked for. `more` are members of the request that only one kind has."""

    kind: Kind
    tenant_id: str
    amount_micro_usd: int
    note: str
    as_json: bool
    more: JsonObject = field(default_factory=dict)


def check(movement: Movement) -> None:
    """Refuses what no service would book (BadUsage, BadInput)."""
    ids.checked(movement.tenant_id, what="tenant")
    if movement.amount_micro_usd < 1:
        raise BadUsage("the amount must be more than nothing")
    if movement.kind != "credits" and not movement.note.strip():
        raise BadUsage("--note must say why: the tenant's books keep it")


def move(op: Operating, movement: Movement) -> None:
    """Books the movement once and prints the entry (HttpFailed; never repeated by itself)."""
    body = {"amount_usd": params.dollars(movement.amount_micro_usd), "note": movement.note, **movement.more}
    try:
        answer = op.calls.move(movement.tenant_id, movement.kind, body)
    except TransportFailed as problem:
        look = f"hmctl admin billing balance {movement.tenant_id}"
        problem.hint = f"It may have been booked all the same: look with `{look}` before trying again."
        raise
    if movement.as_json:
        op.terminal.document(answer)
        return
    amount, balance = wire.whole(answer, "amount_micro_usd"), wire.whole(answer, "balance_micro_usd")
    facts = [
        ("Tenant", wire.text(answer, "tenant_id") or movement.tenant_id),
        ("Entry", wire.text(answer, "entry_id") or "-"),
        (_DONE[movement.kind], "-" if amount is None else units.micro_usd(abs(amount))),
        ("Balance", "-" if balance is None else units.micro_usd(balance)),
    ]
    op.terminal.data(columns.labelled(facts))
