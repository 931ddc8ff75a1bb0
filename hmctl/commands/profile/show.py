"""`hmctl profile show`."""

import click

from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app


@click.command("show")
@click.argument("name", required=False)
@click.option("--reveal", is_flag=True, help="Print the key in clear.")
@json_option
@with_app()
def command(app: App, name: str | None, reveal: bool, as_json: bool) -> None:
    """Show a profile (the active one without NAME). The key is masked unless --reveal is given.

    \b
    Example:
      hmctl profile show
    """
    run(app, name=name, reveal=reveal, as_json=as_json)


def run(app: App, *, name: str | None, reveal: bool, as_json: bool) -> None:
    """Prints the profile's fields (ProfileProblem)."""
    profile = app.profiles.load(name) if name else app.profile
    key = profile.api_key
    shown = "" if key is None else key.reveal() if reveal else key.masked
    fields = {"api_key": shown, "role": profile.role, "service": profile.service.url}
    path = app.profiles.path(profile.name)
    if as_json:
        app.terminal.document({"name": profile.name, "path": str(path), **fields})
    else:
        lines = [f"# {path}", *(f"{label}: {value}" for label, value in fields.items())]
        app.terminal.data("\n".join(lines))
