"""`hmctl trust pin create`."""

import re
from dataclasses import dataclass
from typing import Final

import click

from hmctl import exits, ids
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.v1 import V1
from hmctl.commands import params
from hmctl.commands.trust.pin import holding
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import BadInput, BadUsage, HmctlError, HttpFailed
from hmctl.render import pins as pin_text
from hmctl.trust import decide, pin_keeping
from hmctl.trust.pin_keeping import Demand
from hmctl.trust.pinning import Holder
from hmctl.trust.pins import KeptPin

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NO_PINS_THERE: Final = 404


@dataclass(frozen=True)
class Options:
    """What was asked for. An empty `scope_agent` means all, an empty `files_digest` what the service tells."""

    composes: tuple[str, ...]
    live: bool
    scope_agent: str
    files_digest: str
    expires_in_seconds: int | None
    yes: bool
    as_json: bool


@click.command("create")
@click.option("--compose", "composes", multiple=True, metavar="HASH", help="A build to allow; repeatable.")
@click.option("--live", is_flag=True, help="Allow the build that runs now, as this command verifies it.")
@click.option("--scope-agent", default="", metavar="ID", help="About this agent and its files, instead of all agents.")
@click.option("--files-digest", default="", metavar="HEX", help="The agent's published digest, if you know it.")
@click.option("--expires-in", type=params.DURATION, metavar="TIME", help="End after 90d, 24h, …; never if left out.")
@yes_option
@json_option
@with_app(exits.OWNER)
def command(app: App, /, **given: object) -> None:
    """Sign which builds of the service may get your owner key, keep that here and hand it to the service.

    It takes the place of your earlier pin about the same agent, or about all agents. With --scope-agent it also
    fixes the agent's files: rooms with that agent and other files are refused.

    \b
    Examples:
      hmctl trust pin create --live
      hmctl trust pin create --live --compose 5d6e…9f --expires-in 90d
      hmctl trust pin create --live --scope-agent 9f1e22aa0b3c
    """
    run(app, _options(given))


def run(app: App, options: Options) -> None:
    """Verifies the service, signs, keeps, registers (BadUsage, BadInput, Declined, TrustRefused, HttpFailed)."""
    holder = holding.holder(app)
    demand = _demand(app, holder, options)
    tenant_id = holder.entry(app.pins.store).tenant_id or wire.required(app.owner().whoami(), "tenant_id")
    kept = pin_keeping.sign(app.pins.store, holder, demand, tenant_id=tenant_id, now=app.clock.now())
    problem = _register(app, holder, kept)
    entry = holder.entry(app.pins.store)
    kept = entry.find(kept.pin_id) or kept
    if options.as_json:
        shown = pin_text.as_json(kept, entry, now=app.clock.now())
        app.terminal.document(shown | {"problem": holding.problem_json(problem)})
    else:
        app.terminal.data(pin_text.details(kept, entry, now=app.clock.now()))
        app.terminal.success("from now on this machine sends your key only to the builds that this pin names")
    holding.leave(app, problem, as_json=options.as_json, undone="kept here, but the service did not get it")


def _demand(app: App, holder: Holder, options: Options) -> Demand:
    composes = [_sha256(text, "build") for text in options.composes]
    if not (composes or options.live):
        raise BadUsage("say which builds to allow: --live, --compose HASH or both")
    if options.files_digest and not options.scope_agent:
        raise BadUsage("--files-digest belongs to --scope-agent")
    build = decide.proven_build(holder.service, app.admit(holder.service))
    if options.live:
        if not build:
            raise BadInput(
                f"{holder.service.url} does not prove its build, so there is nothing to pin with --live",
                hint="Name the build with --compose HASH, or use the service in attested hardware.",
            )
        composes.append(build)
    elif build not in composes:
        now_runs = f"build {build}" if build else "a build that is not proven"
        question = f"{holder.service.url} runs {now_runs}; with this pin your key is not sent to it. Sign it?"
        confirm(app, question, yes=options.yes)
    digest = ""
    if options.scope_agent:
        agent_id = ids.checked(options.scope_agent, what="agent")
        digest = _sha256(options.files_digest, "digest") if options.files_digest else _told(app, app.owner(), agent_id)
    exp = int(app.clock.now()) + options.expires_in_seconds if options.expires_in_seconds else 0
    return Demand(tuple(sorted(set(composes))), options.scope_agent, digest, exp)


def _told(app: App, owner: V1, agent_id: str) -> str:
    digest = _sha256(wire.required(owner.agent_attest(agent_id), "attested_files_digest_sha256"), "digest")
    app.terminal.say(f"the files of agent {agent_id} have the digest {digest}, as the service tells it")
    return digest


def _register(app: App, holder: Holder, kept: KeptPin) -> HmctlError | None:
    try:
        app.owner().compose_pins.register(kept.envelope)
    except HttpFailed as problem:
        if problem.status != _NO_PINS_THERE:
            return problem
        app.terminal.warn("the service keeps no compose pins; this one is on this machine only")
        return None
    except HmctlError as problem:
        return problem
    pin_keeping.mark(app.pins.store, holder.entry(app.pins.store), kept.pin_id, registered=True)
    return None


def _sha256(text: str, what: str) -> str:
    value = text.strip().lower().removeprefix("0x")
    if not _SHA256.fullmatch(value):
        raise BadInput(f"not a {what} (64 hex digits): {text[:80]!r}")
    return value


def _options(given: dict[str, object]) -> Options:
    composes, seconds = given["composes"], given["expires_in"]
    return Options(
        composes=tuple(str(text) for text in composes) if isinstance(composes, tuple) else (),
        live=bool(given["live"]),
        scope_agent=str(given["scope_agent"]),
        files_digest=str(given["files_digest"]),
        expires_in_seconds=seconds if isinstance(seconds, int) else None,
        yes=bool(given["yes"]),
        as_json=bool(given["as_json"]),
    )
