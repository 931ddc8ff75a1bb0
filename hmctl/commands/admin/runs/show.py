"""`hmctl admin runs show`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    run_id: str
    as_json: bool


@click.command("show")
@click.argument("run_id")
@json_option
@with_operator
def command(op: Operating, run_id: str, as_json: bool) -> None:
    """Show one run: who, where, how far, how long, and what it cost.

    \b
    Example:
      hmctl admin runs show 4f0a9c1d22be
    """
    run(op, Options(run_id, as_json))


def run(op: Operating, options: Options) -> None:
    """Prints the run (HttpFailed, TrustRefused)."""
    run_id = ids.checked(options.run_id, what="run")
    row = op.calls.run(run_id)
    if options.as_json:
        op.terminal.document(row)
    else:
        op.terminal.data(columns.labelled([*_who(row), *_stages(row), *_money(row)]))


def _who(row: JsonObject) -> list[tuple[str, str]]:
    facts = [
        ("Run", wire.text(row, "run_id")),
        ("Tenant", _named(row, "tenant")),
        ("Room", _named(row, "room")),
        ("Status", wire.text(row, "status") or "-"),
        ("Created", units.moment(wire.number(row, "created_at"))),
    ]
    outcome, error = wire.text(row, "outcome"), wire.text(row, "error")
    if outcome not in ("", wire.text(row, "status")):
        facts.append(("Outcome", outcome))
    return [*facts, ("Error", error)] if error else facts


def _stages(row: JsonObject) -> list[tuple[str, str]]:
    facts = []
    for stage in wire.STAGES:
        started, ended = wire.number(row, f"{stage}_started_at"), wire.number(row, f"{stage}_ended_at")
        if started is not None:
            told = "not ended" if ended is None else units.duration(ended - started)
            facts.append((stage.capitalize(), told))
    return facts


def _money(row: JsonObject) -> list[tuple[str, str]]:
    model = " ".join(filter(None, (wire.text(row, "billing_provider"), wire.text(row, "billing_model"))))
    facts = [("Model", model or "-"), ("Billing", wire.text(row, "billing_status") or "-")]
    facts.append(("Payer", wire.text(row, "payer_tenant_id") or "-"))
    for label, name in (("Held", "hold"), ("Cost", "cost")):
        amount = wire.whole(row, f"billing_{name}_micro_usd")
        facts.append((label, "-" if amount is None else units.micro_usd(amount)))
    for label, name in (("Calls", "llm_calls"), ("Tokens", "total_tokens")):
        count = wire.whole(row, name)
        facts.append((label, "-" if count is None else str(count)))
    return facts


def _named(row: JsonObject, what: str) -> str:
    name, its_id = wire.text(row, f"{what}_name"), wire.text(row, f"{what}_id")
    return f"{its_id} ({name})" if name else its_id or "-"
