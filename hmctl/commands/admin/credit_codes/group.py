"""`hmctl admin credit-codes`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

_HERE: Final = "hmctl.commands.admin.credit_codes"
COMMANDS: Final = {
    "create": Entry(f"{_HERE}.create:command", "Make a code that gives credit."),
    "list": Entry(f"{_HERE}.list:command", "List codes, without their text."),
    "revoke": Entry(f"{_HERE}.revoke:command", "End a code for those who have not used it."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Make, list and revoke codes that tenants turn into credit with `hmctl redeem-credit`."""
