"""`hmctl admin credit-codes revoke`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    code_id: str
    yes: bool
    as_json: bool


@click.command("revoke")
@click.argument("code_id")
@yes_option
@json_option
@with_operator
def command(op: Operating, code_id: str, yes: bool, as_json: bool) -> None:
    """End a credit code. Credit that it gave already stays.

    \b
    Example:
      hmctl admin credit-codes revoke cc_8da8e3a904ace1d2
    """
    run(op, Options(code_id, yes, as_json))


def run(op: Operating, options: Options) -> None:
    """Asks, revokes (Declined, HttpFailed)."""
    code_id = ids.checked(options.code_id, what="credit code")
    op.confirm(f"Revoke credit code {code_id}?", yes=options.yes)
    answer = op.calls.revoke_code(code_id)
    if options.as_json:
        op.terminal.document(answer)
    else:
        op.terminal.data(f"revoked {code_id}")
