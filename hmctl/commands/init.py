"""`hmctl init`."""

from dataclasses import dataclass
from pathlib import Path

import click

from hmctl import services
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadUsage, HttpFailed
from hmctl.profiles import DEFAULT, Profile, Role
from hmctl.render import columns
from hmctl.runs import question
from hmctl.secret import Secret
from hmctl.services import Service


@dataclass(frozen=True)
class Options:
    """What was asked for. `key_text` is `-` for stdin."""

    service: str
    key_text: str
    key_file: Path | None
    force: bool
    as_json: bool


@click.command("init")
@click.option("--service", default="", metavar="URL", help="The service; HIVEMIND_DEFAULT_SERVICE if left out.")
@click.option("--api-key", "key_text", default="", metavar="KEY", help="Your hmk_ key; - asks for it or reads stdin.")
@click.option("--api-key-file", "key_file", type=click.Path(path_type=Path), help="Read the key from this file.")
@click.option("--force", is_flag=True, help="Replace another key of this profile without asking.")
@json_option
@with_app()
def command(app: App, service: str, key_text: str, key_file: Path | None, force: bool, as_json: bool) -> None:
    """Connect a profile to a service and save it (readable by you alone).

    The service passes the trust gate before it sees the key. A key given as an argument can be seen by other users
    of this machine while the command runs; prefer --api-key - or --api-key-file.

    \b
    Examples:
      hmctl init --service http://localhost:8100 --api-key -
      hmctl --profile alice init --service https://rooms.example --api-key-file key.txt
    """
    run(app, Options(service, key_text, key_file, force, as_json))


def run(app: App, options: Options) -> None:
    """Gate, first call, save (TrustRefused, HttpFailed, TransportFailed, Declined)."""
    name = app.profile_name
    service = services.parse(options.service) if options.service else app.default_service()
    key = _key(app, options)
    _check_replacement(app, name, key, force=options.force)
    if key is None:
        role: Role = "tenant"
        health = app.public(service).healthz()
    else:
        role, health = _first_call(app, service, key)
    path = app.profiles.save(Profile(name, service, key, role))
    if options.as_json:
        app.terminal.document(
            {
                "profile": name,
                "role": role,
                "path": str(path),
                "service": service.url,
                "table_count": wire.whole(health, "table_count"),
                "version": wire.text(health, "version"),
            }
        )
        return
    tables = wire.whole(health, "table_count")
    facts = [("Profile", name), ("Role", role), ("File", str(path)), ("Service", service.url)]
    facts.append(("Tables", "-" if tables is None else str(tables)))
    facts.append(("Version", wire.text(health, "version") or "-"))
    app.terminal.data(columns.labelled(facts))
    if name == DEFAULT:
        app.terminal.say("tip: --profile NAME before `init` keeps several services or keys apart")


def _first_call(app: App, service: Service, key: Secret) -> tuple[Role, JsonObject]:
    caller: V1 = app.caller(service, key)
    try:
        return "tenant", caller.health()
    except HttpFailed as problem:
        if problem.status != 401 or key.starts_with("hmk_"):
            raise
    try:
        caller.operator.tenants(rows=1)
    except HttpFailed as problem:
        if problem.status == 401:
            message = "the service knows this key neither as a tenant's nor as an operator's"
            raise HttpFailed(401, message, exit_code=problem.exit_code) from None
        raise
    return "admin", caller.healthz()


def _check_replacement(app: App, name: str, key: Secret | None, *, force: bool) -> None:
    if not app.profiles.exists(name) or force or app.settings.assume_yes:
        return
    before = app.profiles.load(name).api_key
    if before is not None and before != key:
        app.terminal.confirm(
            f"Profile {name!r} holds another key, which would be lost. Replace it?",
            otherwise="Use --force to replace it, or --profile NAME before `init` to keep both.",
        )


def _key(app: App, options: Options) -> Secret | None:
    if options.key_text and options.key_file is not None:
        raise BadUsage("--api-key and --api-key-file exclude each other")
    if options.key_file is not None:
        return Secret(question.text_of(options.key_file).strip())
    text = app.terminal.hidden("API key") if options.key_text == "-" else options.key_text
    return Secret(text) if text or options.key_text == "-" else None
