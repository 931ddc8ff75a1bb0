"""`hmctl signup`."""

from dataclasses import dataclass

import click

from hmctl import services
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import BadInput, HmctlError, HttpFailed, TransportFailed
from hmctl.profiles import Profile
from hmctl.render import columns, units
from hmctl.secret import Secret


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    name: str
    service: str
    yes: bool
    reveal: bool
    as_json: bool


@click.command("signup")
@click.argument("name")
@click.option("--service", default="", metavar="URL", help="The service; HIVEMIND_DEFAULT_SERVICE if left out.")
@yes_option
@click.option("--reveal", is_flag=True, help="Print the new key in clear.")
@json_option
@with_app()
def command(app: App, name: str, service: str, yes: bool, reveal: bool, as_json: bool) -> None:
    """Open an account called NAME at a service and save its key in the active profile (readable by you alone).

    The service passes the trust gate first. A profile that exists already is only replaced when you say so. With
    --json the new key is printed.

    \b
    Examples:
      hmctl --profile alice signup alice --service https://rooms.example
      hmctl signup "Alice's team" --reveal
    """
    run(app, Options(name.strip(), service, yes, reveal, as_json))


def run(app: App, options: Options) -> None:
    """Asks, gates, makes sure the key could be kept, signs up, saves (Declined, TrustRefused, HttpFailed, BadInput)."""
    if not options.name:
        raise BadInput("the name is empty")
    profile_name = app.profile_name
    service = services.parse(options.service) if options.service else app.default_service()
    if app.profiles.exists(profile_name):
        question = f"Profile {profile_name!r} exists; its key would be lost. Replace it by the new account?"
        confirm(app, question, yes=options.yes)
    app.admit(service)
    app.profiles.check_can_save(profile_name)
    try:
        answer = app.public(service).money.signup(options.name)
    except HttpFailed as problem:
        if problem.status == 503:
            problem.hint = "Ask the operator for a tenant key and save it with `hmctl init --api-key -`."
        raise
    except TransportFailed as problem:
        problem.hint = "An account may have been made all the same; its key is lost then. Sign up again."
        raise
    _save(app, answer, Profile(profile_name, service, _key(answer)))
    _print(app, answer, options)


def _key(answer: JsonObject) -> Secret:
    return Secret(wire.required(answer, "api_key"), what="the new key")


def _save(app: App, answer: JsonObject, profile: Profile) -> None:
    try:
        app.profiles.save(profile)
    except HmctlError as problem:
        app.terminal.data(wire.text(answer, "api_key"))
        raise BadInput(
            f"the account was opened but its profile was not saved: {problem.message}",
            hint="The key was printed; keep it now.",
        ) from None


def _print(app: App, answer: JsonObject, options: Options) -> None:
    if options.as_json:
        app.terminal.document(answer)
        return
    name = app.profile_name
    facts = [("Tenant", f"{wire.text(answer, 'tenant_id') or '-'} ({wire.text(answer, 'name') or options.name})")]
    starter, balance = wire.whole(answer, "starter_credit_micro_usd"), wire.whole(answer, "balance_micro_usd")
    facts.append(("Starter credit", "-" if starter is None else units.micro_usd(starter)))
    facts.append(("Balance", "-" if balance is None else units.micro_usd(balance)))
    facts += [("Profile", name), ("File", str(app.profiles.path(name)))]
    kept = "saved in the profile (--reveal prints it)"
    facts.append(("Key", wire.text(answer, "api_key") if options.reveal else kept))
    app.terminal.data(columns.labelled(facts))
    app.terminal.success("keep a copy of the profile file: nobody can tell you this key again")
    if app.profiles.active_name(None) != name:
        app.terminal.say(f"use it with --profile {name}, or make it the active one: hmctl profile use {name}")
