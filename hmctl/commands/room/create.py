"""`hmctl room create`."""

from pathlib import Path
from typing import Final

import click

from hmctl.app import App
from hmctl.client.v1 import V1
from hmctl.commands import params
from hmctl.commands.room import create_options
from hmctl.commands.room.create_options import Options
from hmctl.commands.wiring import json_option, with_app
from hmctl.packages import uploads
from hmctl.packages.uploads import Plan, Role
from hmctl.render import columns, units
from hmctl.rooms import creating, pinned
from hmctl.rooms.creating import Created
from hmctl.trust import decide

_VISIBILITY: Final = click.Choice(["sealed", "inspectable"])
_FILE: Final = click.Path(path_type=Path)
_OUTPUT: Final = click.Choice(["querier_only", "owner_and_querier"])
_TRUST: Final = click.Choice(["operator_updates", "pinned", "owner_approved"])


@click.command("create")
@click.argument("scope")
@click.option("--name", default="", help="A name people recognise.")
@click.option("--rules", default="", help="The rules as text.")
@click.option("--rules-file", type=_FILE, help="The rules as a UTF-8 file.")
@click.option("--policy-file", type=_FILE, help="What the agents are told; the rules if left out.")
@click.option("--query-agent", default="", metavar="PATH|ID", help="The room's own query agent.")
@click.option("--uploadable-query", is_flag=True, help="Participants bring their query agent.")
@click.option("--mediator-agent", default="", metavar="PATH|ID", help="Audits every answer.")
@click.option("--scope-visibility", type=_VISIBILITY, default="inspectable", show_default=True)
@click.option("--query-visibility", type=_VISIBILITY, default="sealed", show_default=True)
@click.option("--mediator-visibility", type=_VISIBILITY, default="inspectable", show_default=True)
@click.option(
    "--scope-private",
    multiple=True,
    metavar="FILE",
    help="Keep this file out of the published digest; repeatable.",
)
@click.option("--query-private", multiple=True, metavar="FILE")
@click.option("--mediator-private", multiple=True, metavar="FILE")
@click.option("--output-visibility", type=_OUTPUT, default="querier_only", show_default=True)
@click.option(
    "--llm-provider",
    multiple=True,
    metavar="NAME",
    help="Allow this model provider; repeatable.  [default: openrouter]",
)
@click.option("--no-llm", is_flag=True, help="Allow no model provider.")
@click.option("--allow-artifacts/--no-artifacts", default=True, show_default=True)
@click.option(
    "--allowed-table",
    multiple=True,
    metavar="NAME",
    help="Let agents read this SQL table; repeatable. None means no SQL.",
)
@click.option(
    "--require-row-policies",
    is_flag=True,
    help="Answer nothing unless the database itself hides what the scope agent does not permit.",
)
@click.option("--trust-mode", type=_TRUST, default="operator_updates", show_default=True)
@click.option(
    "--compose",
    multiple=True,
    metavar="HASH",
    help="A build that the room accepts; repeatable. [default where a mode needs one: the one that runs]",
)
@click.option("--expires-in", type=params.DURATION, metavar="TIME", help="The room ends by itself after 30d, 12h, …")
@click.option("--expires-at", type=params.MOMENT, metavar="DATE", help="The room ends by itself at this moment.")
@click.option("--allow-secrets", is_flag=True, help="Upload files that look like secrets too.")
@click.option("--agent-timeout", type=click.IntRange(min=1), help="Seconds per stage, stored with uploaded agents.")
@click.option(
    "--build-timeout",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    help="Longest wait for an image.",
)
@click.option("--dry-run", is_flag=True, help="Pack and show what would be sent; send nothing.")
@json_option
@with_app()
def command(app: App, /, **given: object) -> None:
    """Upload agents, have a room signed and print its invite link.

    SCOPE, --query-agent and --mediator-agent are each a folder or .tar.gz with a Dockerfile, or the id of an agent
    that is already registered. A folder's .hmignore lists what stays at home.

    \b
    Examples:
      hmctl room create ./scope-agent --rules-file rules.md --allowed-table sales
      hmctl room create ./scope-agent --query-agent ./query-agent --mediator-agent ./mediator-agent \\
          --rules-file rules.md --trust-mode owner_approved
    """
    run(app, create_options.read(given))


def run(app: App, options: Options) -> None:
    """Packs, uploads, builds, creates, verifies, prints (any HmctlError); failed uploads are cleaned up."""
    plans = _plans(app, options)
    if options.dry_run:
        _show_plan(app, options, plans)
        return
    owner = app.owner()
    creating.check_memory(app)
    service = app.profile.service
    live_build = decide.proven_build(service, app.admit(service))
    options = options.settled(now=app.clock.now(), live_build=live_build)
    agent_ids = uploads.upload_all(
        owner, plans, terminal=app.terminal, clock=app.clock, window_seconds=options.build_window_seconds
    )
    created = _create(app, owner, options, agent_ids)
    if options.as_json:
        app.terminal.document(created.as_json())
    else:
        room_id, link = created.verified.manifest.room_id, created.link.format()
        app.terminal.data(f"Room: {room_id}\nInvite: {link}")
        if not created.verified.manifest.rules:
            app.terminal.warn("the room has no rules that people could agree to (--rules, --rules-file)")
        app.terminal.success("the signed terms are the ones asked for; the invite carries the key that signed them")


def _create(app: App, owner: V1, options: Options, agent_ids: dict[Role, str]) -> Created:
    terms = options.terms_with(agent_ids)
    try:
        pinned.check_agent(app, owner, terms.scope_agent_id)
        answer = owner.create_room(terms.body())
    except BaseException:
        uploads.discard(owner, list(agent_ids.values()), app.terminal)
        raise
    packages = {role: source.package for role, source in options.sources.items() if source.package}
    return creating.check(app, terms, answer, packages=packages)


def _plans(app: App, options: Options) -> list[Plan]:
    plans = []
    for role, source in options.sources.items():
        if source.package is not None:
            uploads.warn_about_hidden(app.terminal, source.package)
            timeout = options.agent_timeout_seconds
            plans.append(Plan(role, source.package, sealed=source.sealed, timeout_seconds=timeout))
    return plans


def _show_plan(app: App, options: Options, plans: list[Plan]) -> None:
    if options.as_json:
        agents = [
            {
                "role": plan.role,
                "name": plan.package.name,
                "source_sha256": plan.package.source_sha256,
                "files": [file.path for file in plan.package.files],
            }
            for plan in plans
        ]
        app.terminal.document({"dry_run": True, "room": options.terms.body(), "uploads": agents})
        return
    for plan in plans:
        package = plan.package
        app.terminal.data(f"{plan.role} agent {package.name}, source {package.source_sha256}")
        rows = [
            (file.path, units.size(len(file.content)), "" if file.attestable else "private") for file in package.files
        ]
        app.terminal.data(columns.table(("FILE", "SIZE", ""), rows))
    app.terminal.say("nothing was sent (--dry-run)")
