"""`hmctl trust attest`."""

from typing import Any

import click

from hmctl import exits, services
from hmctl.app import App
from hmctl.commands.trust.reproduce_options import read_given, run_reproduce, with_reproduce_options
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadUsage, HmctlError
from hmctl.render import evidence as evidence_text
from hmctl.services import Service
from hmctl.trust import attesting
from hmctl.trust.attesting import Attested
from hmctl.trust.decide import Standing


@click.command("attest")
@click.option("--service", default="", metavar="URL", help="Another service than the active profile's.")
@click.option("--raw", is_flag=True, help="Print the service's answer untouched. Nothing of it is verified then.")
@with_reproduce_options
@json_option
@with_app(exits.OWNER)
def command(app: App, /, service: str, raw: bool, as_json: bool, **given: Any) -> None:
    """Verify a service's evidence now and show every check: verified, not checked or failed.

    No key is sent and nothing is approved. Exit code 4 when the evidence does not hold, or there is none. With
    --reproduce the proven build is followed to source code; exit code 0 only when every link is verified.

    \b
    Examples:
      hmctl trust attest --service https://rooms.example
      hmctl trust attest --json | jq '.checks[] | select(.outcome != "verified")'
      hmctl trust attest --reproduce
    """
    if raw and as_json:
        raise BadUsage("--raw is JSON already; give one of --raw and --json")
    wanted = read_given(**given)
    if raw and wanted is not None:
        raise BadUsage("--raw shows claims, --reproduce follows what is proven; give one of them")
    if wanted is not None:
        run_reproduce(app, chosen_service(app, service), wanted, as_json=as_json)
        return
    run(app, service=service, raw=raw, as_json=as_json)


def run(app: App, *, service: str, raw: bool, as_json: bool) -> None:
    """Examines and prints (TransportFailed, HttpFailed, BadAnswer); a refusal is printed whole, then exit code 4."""
    chosen = chosen_service(app, service)
    if raw:
        client, timeout = app.public(chosen), app.settings.evidence_timeout_seconds
        app.terminal.document(client.attestation(timeout_seconds=timeout))
        app.terminal.warn("this is what the service says about itself; nothing of it was verified")
        return
    found = attesting.attest(app, chosen)
    if as_json:
        app.terminal.document(found.as_json())
    else:
        app.terminal.data(evidence_text.attested(found))
    conclude(app, found, as_json=as_json)


def conclude(app: App, found: Attested, *, as_json: bool) -> None:
    """Says on stderr what the outcome is worth; exits with the code of a refusal."""
    if found.problem is not None:
        if not as_json:
            app.terminal.show_error(found.problem)
        raise click.exceptions.Exit(found.problem.exit_code)
    if found.trust is None:
        return
    if found.trust.standing is Standing.VERIFIED:
        app.terminal.success(found.trust.explanation)
    else:
        app.terminal.alarm(f"{str(found.trust.standing).upper()}: {found.trust.explanation}")


def chosen_service(app: App, text: str) -> Service:
    """The service named, else the active profile's, else the default one."""
    if text:
        return services.parse(text)
    try:
        return app.profile.service
    except HmctlError:
        return app.default_service()
