"""`hmctl admin credit-codes list`."""

from dataclasses import dataclass

import click

from hmctl.client import pages, wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    include_revoked: bool
    limit: int
    as_json: bool


@click.command("list")
@click.option("--include-revoked", is_flag=True, help="Revoked ones too.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many to list.")
@json_option
@with_operator
def command(op: Operating, include_revoked: bool, limit: int, as_json: bool) -> None:
    """List credit codes, newest first, without their text.

    \b
    Example:
      hmctl admin credit-codes list --include-revoked
    """
    run(op, Options(include_revoked, limit, as_json))


def run(op: Operating, options: Options) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    calls, revoked = op.calls, options.include_revoked
    codes = pages.collect(
        lambda rows, cursor: calls.codes(rows, cursor, include_revoked=revoked),
        limit=options.limit,
        page_rows=pages.BOOK_ROWS,
    )
    if options.as_json:
        op.terminal.document(codes)
    elif codes:
        header = ("CODE_ID", "CREDIT", "USED", "ACTIVE", "EXPIRES", "LABEL")
        op.terminal.data(columns.table(header, [_row(code) for code in codes]))
    else:
        op.terminal.say("no credit codes")


def _row(code: JsonObject) -> tuple[str, ...]:
    used, most = wire.whole(code, "redeemed_count"), wire.whole(code, "max_redemptions")
    return (
        wire.text(code, "code_id"),
        units.micro_usd(wire.whole(code, "credit_micro_usd") or 0),
        f"{used}/{most}",
        "yes" if code.get("active") is True else "revoked" if code.get("revoked_at") else "no",
        units.moment(wire.number(code, "expires_at")),
        wire.text(code, "label") or "-",
    )
