"""`hmctl doctor`."""

from typing import Final

import click

from hmctl import exits
from hmctl.app import App
from hmctl.checkup import machine, owner, room, service
from hmctl.checkup.findings import Checkup
from hmctl.commands.wiring import json_option, with_app
from hmctl.io import one_line

_WORDS: Final = {"ok": "OK  ", "warn": "WARN", "fail": "FAIL"}
_WIDTH: Final = 2000


@click.command("doctor")
@click.argument("room", required=False)
@json_option
@with_app()
def command(app: App, room: str | None, as_json: bool) -> None:
    """Check client, files, profile, service, evidence, compose pins, billing and, if given, ROOM.

    Every line says what was checked and what to do. Goes on after a failure, so that one run shows everything; asks
    nothing and approves nothing. Exit code 0 when nothing failed, 4 when a service is not trusted, else 1.

    \b
    Examples:
      hmctl doctor
      hmctl doctor "$ROOM"
      hmctl doctor "$ROOM" --json | jq '.checks[] | select(.status != "ok")'
    """
    run(app, room_text=room, as_json=as_json)


def run(app: App, *, room_text: str | None, as_json: bool) -> None:
    """Prints all findings and exits."""
    checkup = Checkup()
    profile = machine.check(app, checkup)
    met = None
    if profile is None:
        checkup.left_out((*service.NAMES, *owner.NAMES), "there is no usable profile")
    else:
        met = service.check(app, profile.service, checkup)
        owner.check(app, profile, met, checkup)
    if room_text is not None:
        room.check(app, room_text, met, checkup)
    if as_json:
        findings = [finding.as_json() for finding in checkup.findings]
        app.terminal.document({"ok": checkup.code == exits.OK, "checks": findings})
    else:
        app.terminal.data("\n".join(_lines(checkup)))
    raise click.exceptions.Exit(checkup.code)


def _lines(checkup: Checkup) -> list[str]:
    lines = []
    for finding in checkup.findings:
        code = f" ({finding.reason.code})" if finding.reason else ""
        lines.append(f"{_WORDS[finding.status]} {finding.name} - {one_line(finding.detail, width=_WIDTH)}{code}")
        if finding.hint:
            lines.append(f"     -> {one_line(finding.hint, width=_WIDTH)}")
    return lines
