"""`python -m hivemind.local up|down|status|docker|browser`: the local parts from a shell."""

import os
import sys
from pathlib import Path

import click

from hivemind.local import browser, checkout, docker_engine, embedded, supervisor
from hivemind.local.errors import LocalError
from hivemind.local.paths import layout

SUPERVISOR_STOP_SECONDS = 60.0


@click.group(help="Start, stop and show what this checkout runs by itself.")
def cli() -> None:
    """Take one verb."""


@cli.command(help="Start the embedded Postgres and Redis.")
def up() -> None:
    """Start what is not running."""
    here = checkout.read()
    started = embedded.ensure_all(here.services)
    click.echo(f"started {_names(started)}" if started else "everything runs already")


@cli.command(help="Stop the service and the embedded Postgres and Redis.")
def down() -> None:
    """Stop the supervisor first, so that nothing is restarted. Works with broken settings too."""
    where = layout(checkout.state_dir())
    stopped = ["the service"] if supervisor.stop(where, seconds=SUPERVISOR_STOP_SECONDS) else []
    everything = embedded.parts(where, database_url="", redis_url="")
    stopped += [part.name for part in embedded.stop_all(everything)]
    click.echo(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


@cli.command(help="Say what runs; the exit status is 0 when everything does.")
def status() -> None:
    """Print one line per part."""
    here = checkout.read()
    pid = supervisor.find(here.layout)
    click.echo(f"service   {f'process {pid}, {here.url}' if pid else 'stopped'}")
    for name, count in supervisor.crashes(here.layout).items():
        click.echo(f"{name:<9} {f'crashing, see {here.layout.log_dir}/{name}.log' if count else 'running'}")
    for part in here.services:
        click.echo(f"{part.name:<9} {'running' if part.running() else 'stopped'}")
    click.echo(f"docker    {docker_engine.find(os.environ) or 'no engine answers'}")
    sys.exit(0 if pid and all(part.running() for part in here.services) else 1)


@cli.command(help="Print the Docker engine's address, starting or installing one where that is allowed.")
def docker() -> None:
    """Provide an engine."""
    click.echo(docker_engine.ensure(checkout.read().layout, environment=os.environ))


@cli.command(name="browser", help="Print the program of a Chromium, installing one where that is allowed.")
def chromium() -> None:
    """Provide a browser for the tests."""
    click.echo(browser.ensure(os.environ))


def _names(parts: list[embedded.Part]) -> str:
    return " and ".join(part.name for part in parts)


def main() -> None:
    """Run a verb; a foreseen failure is one message and exit status 1."""
    os.chdir(Path(checkout.ROOT))
    try:
        cli(prog_name="python -m hivemind.local")
    except LocalError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
