"""`hmctl profile list`."""

import click

from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import HmctlError
from hmctl.render import columns


@click.command("list")
@json_option
@with_app()
def command(app: App, as_json: bool) -> None:
    """List the profiles of this machine; * marks the active one.

    \b
    Example:
      hmctl profile list
    """
    run(app, as_json=as_json)


def run(app: App, *, as_json: bool) -> None:
    """Prints all profiles; a damaged one is listed as such."""
    rows = [_row(app, name) for name in app.profiles.names()]
    if as_json:
        app.terminal.document(rows)
    elif rows:
        cells = [
            ("*" if row["active"] else "", row["name"], row["role"], row["api_key"], row["service"]) for row in rows
        ]
        lines = [
            tuple("yes" if cell is True else "no" if cell is False else str(cell) for cell in line) for line in cells
        ]
        app.terminal.data(columns.table(("ACTIVE", "NAME", "ROLE", "API_KEY", "SERVICE"), lines))
    else:
        app.terminal.say("no profiles yet; make one with `hmctl init --service URL --api-key -`")


def _row(app: App, name: str) -> dict[str, object]:
    row: dict[str, object] = {"active": name == app.profile_name, "name": name}
    try:
        profile = app.profiles.load(name)
    except HmctlError:
        return row | {"role": "damaged", "api_key": False, "service": "-"}
    return row | {
        "role": profile.role,
        "api_key": profile.api_key is not None,
        "service": profile.service.url,
    }
