"""`hmctl profile rename`."""

import click

from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app


@click.command("rename")
@click.argument("old")
@click.argument("new")
@json_option
@with_app()
def command(app: App, old: str, new: str, as_json: bool) -> None:
    """Give a profile another name. What it accepted stays accepted.

    \b
    Example:
      hmctl profile rename default alice
    """
    run(app, old=old, new=new, as_json=as_json)


def run(app: App, *, old: str, new: str, as_json: bool) -> None:
    """Renames the profile, then the acceptances and compose pins made under its name (ProfileProblem, StoreDamaged)."""
    app.profiles.rename(old, new)
    moved = app.acceptances.rename_profile(old, new)
    app.pins.store.rename_profile(old, new)
    if as_json:
        app.terminal.document({"old": old, "new": new, "acceptances_moved": moved})
    else:
        app.terminal.data(f"{old} -> {new}")
