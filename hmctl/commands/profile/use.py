"""`hmctl profile use`."""

import click

from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app


@click.command("use")
@click.argument("name")
@json_option
@with_app()
def command(app: App, name: str, as_json: bool) -> None:
    """Choose the active profile.

    \b
    Example:
      hmctl profile use alice
    """
    run(app, name=name, as_json=as_json)


def run(app: App, *, name: str, as_json: bool) -> None:
    """Moves the pointer (ProfileProblem when there is no such profile)."""
    app.profiles.activate(name)
    service = app.profiles.load(name).service.url
    if as_json:
        app.terminal.document({"active": name, "service": service})
    else:
        app.terminal.data(f"{name}  {service}")
