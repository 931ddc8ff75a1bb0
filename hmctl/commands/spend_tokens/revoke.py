"""`hmctl spend-tokens revoke`."""

from dataclasses import dataclass

import click

from hmctl import exits, ids
from hmctl.app import App
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    token_id: str
    yes: bool
    as_json: bool


@click.command("revoke")
@click.argument("token_id")
@yes_option
@json_option
@with_app(exits.OWNER)
def command(app: App, token_id: str, yes: bool, as_json: bool) -> None:
    """End a spend token at once. Questions that it pays for already go on.

    \b
    Example:
      hmctl spend-tokens revoke 7828d11daf29
    """
    run(app, Options(token_id, yes, as_json))


def run(app: App, options: Options) -> None:
    """Asks, revokes (Declined, HttpFailed)."""
    token_id = ids.checked(options.token_id, what="spend token")
    confirm(app, f"Revoke spend token {token_id}?", yes=options.yes)
    answer = app.owner().money.revoke_spend_token(token_id)
    if options.as_json:
        app.terminal.document(answer)
    else:
        app.terminal.data(f"revoked {token_id}")
