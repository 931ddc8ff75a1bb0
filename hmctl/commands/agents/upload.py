"""`hmctl agents upload`."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click

from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput
from hmctl.packages import packing, uploads
from hmctl.packages.uploads import Plan, Role
from hmctl.render import columns


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    path: Path
    role: Role
    name: str
    description: str
    private: tuple[str, ...]
    sealed: bool
    allow_secrets: bool
    timeout_seconds: int | None
    build_window_seconds: float
    as_json: bool


@click.command("upload")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--type", "role", type=click.Choice(["scope", "query", "mediator"]), default="query", show_default=True)
@click.option("--name", default="", help="The folder's name if left out.")
@click.option("--description", default="")
@click.option(
    "--private", multiple=True, metavar="FILE", help="Keep this file out of the published digest; repeatable."
)
@click.option("--sealed", is_flag=True, help="Let nobody read the source.")
@click.option("--allow-secrets", is_flag=True, help="Upload files that look like secrets too.")
@click.option("--agent-timeout", type=click.IntRange(min=1), help="Seconds per stage.")
@click.option(
    "--build-timeout",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    help="Longest wait for the image.",
)
@json_option
@with_app()
def command(app: App, /, path: Path, **given: object) -> None:
    """Upload an agent (folder or .tar.gz with a Dockerfile) and wait until its image is built.

    What .dockerignore or .hmignore list stays at home. Files that look like secrets are refused. When the build fails,
    `hmctl agents logs` shows what it printed.

    \b
    Example:
      hmctl agents upload ./scope-agent --type scope
    """
    private, timeout, window = given["private"], given["agent_timeout"], given["build_timeout"]
    run(
        app,
        Options(
            path=path,
            role=cast(Role, given["role"]),
            name=str(given["name"]),
            description=str(given["description"]),
            private=private if isinstance(private, tuple) else (),
            sealed=bool(given["sealed"]),
            allow_secrets=bool(given["allow_secrets"]),
            timeout_seconds=timeout if isinstance(timeout, int) else None,
            build_window_seconds=float(window) if isinstance(window, int) else 600.0,
            as_json=bool(given["as_json"]),
        ),
    )


def run(app: App, options: Options) -> None:
    """Packs, uploads, waits (BadInput, BuildFailed, HttpFailed)."""
    if not options.path.exists():
        raise BadInput(f"there is no {options.path}")
    package = packing.pack(options.path, private=options.private, allow_secrets=options.allow_secrets)
    package = packing.named(package, options.name) if options.name else package
    uploads.warn_about_hidden(app.terminal, package)
    plan = Plan(options.role, package, options.sealed, options.timeout_seconds, options.description)
    agent_ids = uploads.upload_all(
        app.owner(),
        [plan],
        terminal=app.terminal,
        clock=app.clock,
        window_seconds=options.build_window_seconds,
    )
    agent_id = agent_ids[options.role]
    if options.as_json:
        app.terminal.document(
            {
                "agent_id": agent_id,
                "source_sha256": package.source_sha256,
                "files_digest_sha256": package.files_sha256,
            }
        )
    else:
        app.terminal.data(columns.labelled([("Agent", agent_id), ("Source", package.source_sha256)]))
