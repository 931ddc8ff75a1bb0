"""`hmctl profile delete`."""

import click

from hmctl.app import App
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import ProfileProblem


@click.command("delete")
@click.argument("name")
@yes_option
@json_option
@with_app()
def command(app: App, name: str, yes: bool, as_json: bool) -> None:
    """Remove a profile and its key from this machine. The key stays valid at the service.

    \b
    Example:
      hmctl profile delete alice
    """
    run(app, name=name, yes=yes, as_json=as_json)


def run(app: App, *, name: str, yes: bool, as_json: bool) -> None:
    """Asks, then deletes (Declined, ProfileProblem)."""
    if not app.profiles.exists(name):
        raise ProfileProblem(f"there is no profile {name!r}")
    confirm(app, f"Delete profile {name!r} and its key from this machine?", yes=yes)
    app.profiles.delete(name)
    if as_json:
        app.terminal.document({"deleted": name})
        return
    app.terminal.data(f"deleted {name}")
    app.terminal.say("its key is still valid at the service; `hmctl rotate-key` would have replaced it")
