"""`hmctl spend-tokens`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "list": Entry("hmctl.commands.spend_tokens.list:command", "List your spend tokens, without their text."),
    "mint": Entry("hmctl.commands.spend_tokens.mint:command", "Make a token that spends a little of your credit."),
    "revoke": Entry("hmctl.commands.spend_tokens.revoke:command", "End a spend token at once."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Tokens that pay for questions with your credit, up to a limit, for a while, and can do nothing else.

    `hmctl room ask` makes one for every question by itself. Make one here for somebody who asks at your expense.
    """
