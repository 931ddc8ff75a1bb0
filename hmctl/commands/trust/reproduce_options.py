"""`hmctl trust attest --reproduce`: its options, and the walk from the quote to the source."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from attestation.reproduce.image_names import parse_image
from attestation.reproduce.links import Chain
from hmctl.app import App
from hmctl.errors import BadUsage
from hmctl.render import chain as chain_text
from hmctl.secret import Secret
from hmctl.services import Service
from hmctl.trust import reproducing
from hmctl.trust.published import Publisher
from hmctl.trust.reproducing import Given, NotReproduced, Reproduction

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_OPTIONS: Final = (
    click.option("--reproduce", is_flag=True, help="Follow the verified quote to source code, link by link."),
    click.option("--source-url", metavar="URL", help="The compose file's address on GitHub, at its commit."),
    click.option("--commit", metavar="SHA", help="The commit of --source-url, 40 hex digits."),
    click.option("--app-compose", type=_FILE, help="The app compose text, instead of the operator's page."),
    click.option("--compose-file", type=_FILE, help="The file at the commit, instead of GitHub."),
    click.option("--gateway", metavar="HOST", help="The gateway in front of the operator's page."),
    click.option(
        "--image-digest", "image_digests", multiple=True, metavar="NAME=SHA256:…", help="A digest that has to run."
    ),
    click.option("--reviewed", multiple=True, metavar="SHA256", help="A launch script or setting that you have read."),
)


def with_reproduce_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --reproduce and what belongs to it; the callback takes them as `**given` for `read_given`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_given(
    *,
    reproduce: bool,
    source_url: str | None = None,
    commit: str | None = None,
    gateway: str | None = None,
    app_compose: Path | None = None,
    compose_file: Path | None = None,
    image_digests: Sequence[str] = (),
    reviewed: Sequence[str] = (),
) -> Given | None:
    """What the options say, None without --reproduce (BadUsage when they do not fit together)."""
    if not reproduce:
        if any((source_url, commit, gateway, app_compose, compose_file, image_digests, reviewed)):
            raise BadUsage("these options belong to --reproduce")
        return None
    if bool(source_url) != bool(commit):
        raise BadUsage("--source-url and --commit go together")
    if commit and not _COMMIT.fullmatch(commit):
        raise BadUsage("--commit is not a whole commit of 40 lowercase hex digits")
    if not all(map(_SHA256.fullmatch, reviewed)):
        raise BadUsage("--reviewed is not a SHA-256 of 64 lowercase hex digits")
    return Given(
        source_url=source_url or "",
        commit=commit or "",
        gateway=(gateway or "").lower(),
        app_compose=app_compose,
        compose_file=compose_file,
        image_digests=_digests(image_digests),
        reviewed=frozenset(reviewed),
    )


def run_reproduce(app: App, service: Service, given: Given, *, as_json: bool) -> None:
    """Walks and prints (NotReproduced unless every link is verified)."""
    text = app.settings.github_token_text
    publisher = Publisher(github_token=Secret(text, what="the token in GITHUB_TOKEN") if text else None)
    walk = Reproduction(service=service, given=given, publisher=publisher, demanded=app.demands.of(service))
    report(app, service, walk.walk(lambda: app.examine(service)), as_json=as_json)
    if not given.image_digests:
        app.terminal.warn("whether the images were built from this source was not compared; see --image-digest")


def report(app: App, service: Service, chain: Chain, *, as_json: bool) -> None:
    """Prints every link (NotReproduced unless all are verified)."""
    exit_code = reproducing.exit_code_of(chain)
    told = chain_text.document(chain, service=service.url, exit_code=exit_code)
    problem = chain.first_problem
    if not as_json:
        app.terminal.data(chain_text.text(chain))
    elif problem is None:
        app.terminal.document(told)
    if problem is not None:
        message = f"{service.url} is not reproduced: {problem.name} is {problem.outcome.value}"
        raise NotReproduced(message, hint=problem.remedy, exit_code=exit_code, told=told)
    app.terminal.success(f"{service.url} runs the source that is named above")


def _digests(texts: Sequence[str]) -> dict[str, str]:
    digests: dict[str, str] = {}
    for text in texts:
        name, equals, digest = text.partition("=")
        image = parse_image(f"{name}@{digest}") if equals else None
        if image is None or image.tag or not image.digest or digests.get(name, digest) != digest:
            raise BadUsage(f"--image-digest is not of the form NAME=sha256:…: {text[:120]!r}")
        digests[name] = digest
    return digests
