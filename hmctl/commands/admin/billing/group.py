"""`hmctl admin billing`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

_HERE: Final = "hmctl.commands.admin.billing"
COMMANDS: Final = {
    "accounts": Entry(f"{_HERE}.accounts:command", "List all accounts with their figures."),
    "balance": Entry(f"{_HERE}.balance:command", "Show one tenant's account."),
    "debit": Entry(f"{_HERE}.debit:command", "Take credit from a tenant."),
    "delete-price": Entry(f"{_HERE}.delete_price:command", "Take a model's price away."),
    "grant": Entry(f"{_HERE}.grant:command", "Give credit to a tenant."),
    "ledger": Entry(f"{_HERE}.ledger:command", "List the movements of all accounts or of one."),
    "prices": Entry(f"{_HERE}.prices:command", "List the prices in force."),
    "refund": Entry(f"{_HERE}.refund:command", "Give back what a tenant was charged."),
    "set-price": Entry(f"{_HERE}.set_price:command", "Set the price of a model."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Accounts, ledger, credit and prices. Amounts are dollars with up to six decimals."""
