"""`hmctl room ask`."""

from dataclasses import dataclass
from pathlib import Path

import click

from hmctl import files
from hmctl.app import App
from hmctl.client import wire
from hmctl.commands import params
from hmctl.commands.room import answering
from hmctl.commands.room.answering import Pending, Presentation
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput, BadUsage, HmctlError, TrustRefused
from hmctl.packages import packing, uploads
from hmctl.packages.packing import Package
from hmctl.render import units
from hmctl.rooms import opening, reference
from hmctl.rooms.opening import OpenedRoom
from hmctl.runs import asking, paying, question
from hmctl.runs.artifacts import Target
from hmctl.runs.asking import BUILD_SECONDS, Ask, Brought, Budget
from hmctl.runs.paying import Payer, PayerOptions
from hmctl.trust import consent
from hmctl.trust.decide import Standing

_MODELS = ("model", "provider", "scope_model", "query_model", "mediator_model")


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    question: str | None
    question_file: Path | None
    budget: Budget
    choices: dict[str, str]
    query_agent: str
    agent: Path | None
    allow_secrets: bool
    max_cost_micro_usd: int | None
    payer: PayerOptions
    presentation: Presentation


@click.command("ask")
@click.argument("room")
@click.argument("question", required=False)
@click.option("--question-file", type=click.Path(path_type=Path), help="Read the question from a UTF-8 file.")
@click.option("--agent", type=click.Path(path_type=Path), help="Bring this query agent (folder or .tar.gz).")
@click.option("--allow-secrets", is_flag=True, help="With --agent: upload files that look like secrets too.")
@click.option("--query-agent", default="", metavar="ID", help="Use an agent already registered at the service.")
@click.option("--timeout", type=click.IntRange(min=1), default=900, show_default=True, help="Seconds per stage.")
@click.option("--memory-mb", type=click.IntRange(min=16), default=256, show_default=True, help="With --agent.")
@click.option("--max-llm-calls", type=click.IntRange(min=0), default=60, show_default=True)
@click.option("--max-tokens", type=click.IntRange(min=0), default=1_000_000, show_default=True)
@click.option("--model", default="", help="Model of all stages.")
@click.option("--provider", default="", help="Model provider, one that the room allows.")
@click.option("--scope-model", default="")
@click.option("--query-model", default="")
@click.option("--mediator-model", default="")
@click.option("--max-cost", type=params.USD, metavar="USD", help="Do not ask if it may cost more than this.")
@click.option("--fetch", is_flag=True, help="Save artifacts below ./hivemind-artifacts.")
@click.option("--overwrite", is_flag=True, help="With --fetch: replace other files of the same names.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the answer to this file instead of stdout.")
@click.option("--receipt", type=click.Path(path_type=Path), help="Keep the receipt, which checks the answer later.")
@click.option("--no-strict-attestation", is_flag=True, help="Show the answer even if its record is rejected.")
@click.option("--payer-key", default="", metavar="TOKEN", help="Pay with this spend token (hmp_…); - reads stdin.")
@click.option(
    "--allow-foreign-payer",
    is_flag=True,
    help="Hand your owner key to the link's service even if it is not your profile's.",
)
@json_option
@with_app()
def command(app: App, /, room: str, **given: object) -> None:
    """Ask ROOM a question. The answer is printed only after its signed record was checked.

    Through a link the active hmk_ profile pays; the link alone decides what can be read. The profile's key stays at
    the profile's service: what goes with the question is a spend token made there, for this room, this run's time and
    the highest cost quoted. Without --json the answer is the only thing on stdout. QUESTION may be - for stdin.

    --agent brings a query agent to a room that takes them: a folder with a Dockerfile, without what .dockerignore or
    .hmignore list. It is checked before anything is sent, and the record has to name exactly what was sent. Ask with it
    again by --query-agent and its id; `hmctl agents delete ID --link ROOM` removes it.

    \b
    Examples:
      hmctl room ask "$ROOM" "What changed this month?"
      hmctl room ask "$ROOM" - < question.txt > answer.txt
      hmctl room ask "$ROOM" "Top ten?" --agent ./my-query-agent --fetch
      hmctl room ask "$ROOM" "Top ten?" --output answer.txt --receipt receipt.json
      hmctl room ask "$ROOM" "Summarise" --max-cost 0.50 --max-tokens 100000

    Exit codes: 0 answered, 1 refused or interrupted, 4 the run failed or the service is not trusted, 5 not ended in
    time, 6 the signed record was rejected.
    """
    run(app, _options(room, given))


def run(app: App, options: Options) -> None:
    """Verify, agree, send, wait, verify, print (any HmctlError)."""
    asked_for = question.read(options.question, options.question_file)
    package = _package(app, options)
    for path in (options.presentation.output, options.presentation.receipt):
        if path is not None:
            files.check_can_save(path)
    ref = reference.read(app, options.room)
    if options.payer.key_text == "-" and asked_for.from_stdin:
        raise BadUsage("question and spend token cannot both come from stdin")
    payer = paying.choose(app, ref, options.payer)
    opened = opening.open_room(app, ref)
    ask = Ask(asked_for.text, options.budget, options.choices, options.query_agent, options.max_cost_micro_usd)
    asking.check_allowed(ask, opened.manifest, brings_agent=package is not None)
    if ref.is_link:
        consent.require_accepted(app, opened, may_ask=not asked_for.from_stdin)
    _require_signer(opened, strict=options.presentation.strict)
    pending = _send(app, opened, ask, package=package, payer=payer)
    answering.finish(app, pending, options.presentation)


def _send(app: App, opened: OpenedRoom, ask: Ask, *, package: Package | None, payer: Payer) -> Pending:
    features = asking.features_of(opened.client)
    asked = asking.plan(app, opened, ask, features=features)
    credential = paying.agree(app, opened, ask, payer=payer, features=features, run_id=asked.run_id)
    try:
        if package is None:
            app.terminal.say(f"run {asked.run_id}")
            asked = asking.submit(app, opened, ask, asked, payer=credential)
        else:
            brought = Brought(package, is_repeatable=asking.QUERY_AGENTS in features)
            asked = asking.submit_with_agent(app, opened, ask, asked, brought=brought, payer=credential)
            app.terminal.say(f"run {asked.run_id}, agent {asked.query_agent_id}")
    except KeyboardInterrupt:
        raise answering.interrupted(asked.run_id, is_link=opened.ref.is_link) from None
    except HmctlError as problem:
        problem.run_id = problem.run_id or asked.run_id
        raise
    return Pending(
        opened=opened,
        asked=asked,
        reading_payer=credential if opened.ref.is_share else None,
        window_seconds=ask.budget.window_seconds + (BUILD_SECONDS if package is not None else 0.0),
        max_cost_micro_usd=ask.max_cost_micro_usd,
    )


def _require_signer(opened: OpenedRoom, *, strict: bool) -> None:
    known = bool(opened.trust.signer_pubkey_b64)
    if strict and not known and opened.trust.standing is not Standing.UNVERIFIED:
        raise TrustRefused(
            f"{opened.ref.service.url} names no key that signs its runs, so no answer could be verified",
            hint="--no-strict-attestation asks nevertheless.",
        )


def _package(app: App, options: Options) -> Package | None:
    if options.agent is None:
        return None
    if options.query_agent:
        raise BadUsage("--agent and --query-agent exclude each other")
    staged = [name for name in options.choices if name.endswith("_model")]
    if staged:
        raise BadUsage(f"--{staged[0].replace('_', '-')} cannot be combined with --agent; use --model")
    if not options.agent.exists():
        raise BadInput(f"there is no {options.agent}")
    package = packing.pack(options.agent, allow_secrets=options.allow_secrets)
    uploads.warn_about_hidden(app.terminal, package)
    count = f"{len(package.files)} file{'' if len(package.files) == 1 else 's'}"
    app.terminal.say(f"packed {package.name}: {count}, {units.size(len(package.archive))}")
    return package


def _options(room: str, given: dict[str, object]) -> Options:
    chosen = {name: str(given[name]) for name in _MODELS if given[name]}
    question_file, agent, output, receipt = (given[n] for n in ("question_file", "agent", "output", "receipt"))
    return Options(
        room=room,
        question=str(given["question"]) if given["question"] is not None else None,
        question_file=question_file if isinstance(question_file, Path) else None,
        budget=Budget(
            timeout_seconds=wire.whole(given, "timeout") or 900,
            max_llm_calls=wire.whole(given, "max_llm_calls") or 0,
            max_tokens=wire.whole(given, "max_tokens") or 0,
            memory_mb=wire.whole(given, "memory_mb") or 256,
        ),
        choices=chosen,
        query_agent=str(given["query_agent"]),
        agent=agent if isinstance(agent, Path) else None,
        allow_secrets=bool(given["allow_secrets"]),
        max_cost_micro_usd=wire.whole(given, "max_cost"),
        payer=PayerOptions(str(given["payer_key"]), bool(given["allow_foreign_payer"])),
        presentation=Presentation(
            as_json=bool(given["as_json"]),
            target=Target(overwrite=bool(given["overwrite"])) if given["fetch"] else None,
            output=output if isinstance(output, Path) else None,
            strict=not given["no_strict_attestation"],
            receipt=receipt if isinstance(receipt, Path) else None,
        ),
    )
