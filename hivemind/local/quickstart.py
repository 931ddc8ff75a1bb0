"""`scripts/quickstart.sh` after its packages are installed: start the service, then play a room on it."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from hivemind.local import checkout, demo, docker_engine, files, own_service, processes, supervisor, trial
from hivemind.local.errors import LocalError, NotReady

BASE_IMAGE = "hivemind-agent-base:latest"
HEALTH_SECONDS = 120.0
STOP_SECONDS = 60.0
WATCHED = ("*.py", "*.sql", "*.html", "*.toml", ".env", "requirements/*.lock")


@dataclass(frozen=True)
class Narrator:
    """Says what happens, each line with the seconds since the start."""

    began_at: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Print one line."""
        click.echo(f"[{time.monotonic() - self.began_at:5.1f} s] {line}")


@click.command()
@click.option("--no-demo", is_flag=True, help="Start the service and play nothing on it.")
def quickstart(*, no_demo: bool) -> None:
    """Start what does not run, make the operator's account, play the demo, say what to do next."""
    narrator = Narrator()
    here = checkout.read()
    here.layout.state_dir.mkdir(parents=True, exist_ok=True)
    environment = trial.with_defaults(here, _with_engine(here, narrator))
    # Its name alone: nobody has to wait for the second image, which takes as long again and is needed by few.
    image = _begin_image("base", here, environment | {"AGENT_BASE_TAG": BASE_IMAGE})
    _ensure_service(here, environment, narrator)
    account = _begin_operator(environment)
    _check_processes(here)
    _await_base_image(image, here, narrator)
    second = _begin_image("base-hermes", here, environment)
    if not no_demo:
        demo.play(here, say=narrator.say)
    if second.poll() is None:
        narrator.say(f"a second base image is still being made, see {_short(_image_log(here))}")
    _check_processes(here)
    _closing_words(here, password=_operator_password(account))


def _with_engine(here: checkout.Checkout, narrator: Narrator) -> dict[str, str]:
    """Provide a Docker engine and return the environment in which everybody uses it."""
    environment = checkout.environment()
    if docker_engine.find(environment) is None:
        narrator.say("no Docker engine answers: starting one, after installing it if need be")
    address = docker_engine.ensure(here.layout, environment=environment)
    narrator.say(f"Docker engine at {address}")
    return {**environment, "HIVEMIND_DOCKER_HOST": address, "DOCKER_HOST": address}


def _begin_image(folder: str, here: checkout.Checkout, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Let a base image of the agents be made meanwhile; one that is there costs nothing."""
    script = checkout.ROOT / "agents" / folder / "build.sh"
    return processes.start([str(script)], log=_image_log(here), cwd=checkout.ROOT, env=environment)


def _await_base_image(image: subprocess.Popen[bytes], here: checkout.Checkout, narrator: Narrator) -> None:
    if not processes.wait_until(lambda: image.poll() is not None, seconds=2):
        narrator.say(f"waiting for the agents' base image, see {_short(_image_log(here))}")
    if image.wait() != 0:
        raise NotReady(f"the agents' base image could not be made:\n{processes.last_lines(_image_log(here))}")


def _image_log(here: checkout.Checkout) -> Path:
    return here.layout.log_dir / "base-image.log"


def _ensure_service(here: checkout.Checkout, environment: Mapping[str, str], narrator: Narrator) -> None:
    if supervisor.find(here.layout):
        if _healthy(here) and not _changed_since_start(here, environment):
            narrator.say(f"the service already runs at {here.url}")
            return
        narrator.say("the program or its settings have changed: restarting the service")
        supervisor.stop(here.layout, seconds=STOP_SECONDS)
    narrator.say(f"starting the service, logs in {_short(here.layout.log_dir)}")
    log = here.layout.log_dir / "up.log"
    seen = log.stat().st_size if log.exists() else 0
    files.write_private(_fingerprint_file(here), _fingerprint(environment))
    child = processes.start([sys.executable, "manage.py", "up"], log=log, cwd=checkout.ROOT, env=environment)
    processes.wait_until(
        lambda: _healthy(here) or child.poll() is not None or bool(_failing(here)), seconds=HEALTH_SECONDS
    )
    if child.poll() is not None or not _healthy(here):
        said = processes.last_lines(log, after_bytes=seen)
        raise NotReady(f"the service did not start; the end of {log}:\n{said}")
    narrator.say(f"the service answers at {here.url}")


def _check_processes(here: checkout.Checkout) -> None:
    """Raise NotReady when a process of the service keeps crashing, with the end of its log."""
    for name in _failing(here):
        log = here.layout.log_dir / f"{name}.log"
        raise NotReady(f"{name} keeps crashing; the end of {log}:\n{processes.last_lines(log)}")


def _failing(here: checkout.Checkout) -> list[str]:
    """Return the processes of the service that have crashed of late."""
    return [name for name, count in supervisor.crashes(here.layout).items() if count]


def _healthy(here: checkout.Checkout) -> bool:
    """Return whether our service answers; a stranger's on the same port does not count."""
    if not supervisor.has_begun(here.layout):
        return False
    try:
        with own_service.call(f"{here.url}/v1/healthz", seconds=5) as answer:
            return bool(json.load(answer).get("status") == "ok")
    except (OSError, ValueError):
        return False


def _changed_since_start(here: checkout.Checkout, environment: Mapping[str, str]) -> bool:
    """Return whether the running service was started with another program or other settings."""
    started = _fingerprint_file(here)
    if not started.exists() or started.read_text(encoding="utf-8") != _fingerprint(environment):
        return True
    return any(path.stat().st_mtime > started.stat().st_mtime for path in _program_files())


def _fingerprint_file(here: checkout.Checkout) -> Path:
    return here.layout.run_dir / "started-with"


def _fingerprint(environment: Mapping[str, str]) -> str:
    settings = sorted((name, value) for name, value in environment.items() if name.startswith("HIVEMIND_"))
    return hashlib.sha256(repr(settings).encode()).hexdigest()


def _program_files() -> list[Path]:
    packages = [path.parent for path in checkout.ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    inside = [path for package in packages for pattern in WATCHED[:3] for path in package.rglob(pattern)]
    return inside + [path for pattern in WATCHED[3:] for path in checkout.ROOT.glob(pattern)]


def _begin_operator(environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Begin to make the operator's account if it is missing, beside everything else."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "create_operator", "--if-missing", "--json"],
        cwd=checkout.ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _operator_password(account: subprocess.Popen[str]) -> str | None:
    """Return the password of the operator's account if it has just been made."""
    told, complaint = account.communicate()
    if account.returncode != 0:
        raise LocalError(f"the operator's account could not be made: {demo.last_line(complaint)}")
    password = json.loads(told)["password"]
    return str(password) if password else None


def _closing_words(here: checkout.Checkout, *, password: str | None) -> None:
    click.echo(f"\nadmin     {here.url}/admin/")
    click.echo(f"API       {here.url}/docs")
    if password:
        click.echo(f"operator  operator, password {password}   (shown this once)")
    else:
        click.echo("operator  operator   (forgotten the password? .venv/bin/python manage.py changepassword operator)")
    click.echo(f"logs      {_short(here.layout.log_dir)}")
    click.echo("stop      ./scripts/stop.sh   (keeps all data)")
    click.echo("\nnext:")
    click.echo("  .venv/bin/hmctl --help")
    keys = here.layout.state_dir / "demo" / "alice-media" / "api-key"
    if keys.exists():
        init = f"init --service {here.url} --api-key-file {_short(keys)}"
        click.echo(f"  .venv/bin/hmctl --profile alice-media {init}")
        click.echo("  .venv/bin/hmctl --profile alice-media room list")
    if trial.admin_key_file(here).exists():
        key = _short(trial.admin_key_file(here))
        click.echo(f"  .venv/bin/hmctl admin billing accounts --service {here.url} --admin-key - < {key}")


def _short(path: Path) -> str:
    """Return `path` as seen from the checkout, where the reader stands."""
    return str(path.relative_to(checkout.ROOT) if path.is_relative_to(checkout.ROOT) else path)


def main() -> None:
    """Run, and turn a foreseen failure into one message and exit status 1."""
    os.chdir(checkout.ROOT)
    try:
        quickstart()
    except LocalError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
