"""`hmctl doctor`."""

from dataclasses import dataclass, field
from typing import Literal

import click

from hmctl import exits, statement
from hmctl._version import __version__
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.v1 import V1
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, TrustRefused
from hmctl.profiles import Profile
from hmctl.render import account, units
from hmctl.rooms import opening, reference
from hmctl.trust.decide import Standing

Status = Literal["ok", "warn", "fail"]


@dataclass
class Checkup:
    """What was found so far; `code` is the exit code it amounts to."""

    checks: list[dict[str, str]] = field(default_factory=list)
    code: int = exits.OK

    def note(self, name: str, status: Status, detail: str) -> None:
        """Adds a finding."""
        self.checks.append({"name": name, "status": status, "detail": detail})
        if status == "fail":
            self.code = self.code or exits.FAILED

    def failed(self, name: str, problem: HmctlError) -> None:
        """Adds a failure; a refused service decides the exit code."""
        self.note(name, "fail", f"{problem.message} {problem.hint}".strip())
        if isinstance(problem, TrustRefused):
            self.code = exits.NOT_TRUSTED


@click.command("doctor")
@click.argument("room", required=False)
@json_option
@with_app()
def command(app: App, room: str | None, as_json: bool) -> None:
    """Check client, profile, key, service, billing and, if given, ROOM and your acceptance of it.

    Goes on after a failure, so that one run shows everything. Exit code 0 when nothing failed, 4 when a service was
    refused, else 1.

    \b
    Example:
      hmctl doctor "$ROOM"
    """
    run(app, room=room, as_json=as_json)


def run(app: App, *, room: str | None, as_json: bool) -> None:
    """Prints all findings and exits."""
    checkup = Checkup()
    checkup.note("cli", "ok", __version__)
    profile = _profile(app, checkup)
    if profile is not None:
        _service(app, profile, checkup)
    if room is not None:
        _room(app, room, checkup)
    if as_json:
        app.terminal.document({"ok": checkup.code == exits.OK, "checks": checkup.checks})
    else:
        words = {"ok": "OK  ", "warn": "WARN", "fail": "FAIL"}
        app.terminal.data(
            "\n".join(f"{words[item['status']]} {item['name']} - {item['detail']}" for item in checkup.checks)
        )
    raise click.exceptions.Exit(checkup.code)


def _profile(app: App, checkup: Checkup) -> Profile | None:
    try:
        profile = app.profile
    except HmctlError as problem:
        checkup.failed("profile", problem)
        return None
    checkup.note("profile", "ok", f"{profile.name} ({profile.role}) -> {profile.service.url}")
    if profile.api_key is None:
        checkup.note("api key", "fail", "absent; add it with `hmctl init --api-key -`")
    else:
        checkup.note("api key", "ok", "present")
    return profile


def _service(app: App, profile: Profile, checkup: Checkup) -> None:
    try:
        trust = app.admit(profile.service)
    except HmctlError as problem:
        checkup.failed("attestation", problem)
        return
    checkup.note("attestation", "ok" if trust.standing is Standing.VERIFIED else "warn", trust.explanation)
    if profile.api_key is None:
        return
    client = app.caller(profile.service, profile.api_key)
    try:
        _health(client, profile, checkup)
        if profile.role == "tenant":
            _billing(client, checkup, now=app.clock.now())
    except HmctlError as problem:
        checkup.failed("service" if not isinstance(problem, HttpFailed) else "service auth", problem)


def _health(client: V1, profile: Profile, checkup: Checkup) -> None:
    if profile.role == "admin":
        client.operator.tenants(rows=1)
        version = wire.text(client.healthz(), "version")
        checkup.note("service", "ok", f"version {version}, operator key accepted")
    else:
        health = client.health()
        version = wire.text(health, "version")
        checkup.note("service", "ok", f"version {version}, {wire.whole(health, 'table_count')} tables")
    if version and version != __version__:
        checkup.note("version sync", "warn", f"client {__version__}, service {version}")


def _billing(client: V1, checkup: Checkup, *, now: float) -> None:
    try:
        told = statement.read(client.money.billing(limit=3))
    except HttpFailed as problem:
        if problem.status == 404:
            checkup.note("billing", "warn", "the service has no billing")
        else:
            checkup.failed("billing", problem)
        return
    except BadAnswer as problem:
        checkup.failed("billing", problem)
        return
    detail = f"balance {units.micro_usd(told.available_micro_usd)}"
    if not told.is_partial:
        detail += f", {units.micro_usd(told.held_micro_usd)} held, {units.micro_usd(told.spent_micro_usd)} spent"
    advice = account.advice(told, now=now)
    checkup.note("billing", "warn" if advice else "ok", f"{detail}; {advice}" if advice else detail)


def _room(app: App, text: str, checkup: Checkup) -> None:
    try:
        ref = reference.read(app, text)
        opened = opening.open_room(app, ref)
    except HmctlError as problem:
        checkup.failed("room", problem)
        return
    checkup.note("room", "ok", f"{opened.manifest.room_id} {opened.manifest.name!r}, terms verified")
    if not ref.is_link:
        checkup.note("room acceptance", "ok", "not needed for an own room")
        return
    try:
        accepted = app.acceptances.has(opened.terms(app.profile_name))
    except HmctlError as problem:
        checkup.failed("room acceptance", problem)
        return
    detail = "accepted by this profile" if accepted else "not accepted yet; the first ask will show the terms"
    checkup.note("room acceptance", "ok" if accepted else "warn", detail)
