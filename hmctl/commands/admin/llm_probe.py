"""`hmctl admin llm-probe`."""

from dataclasses import dataclass

import click

from hmctl import exits
from hmctl.client import wire
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    provider: str
    model: str
    as_json: bool


@click.command("llm-probe")
@click.option("--provider", default="", help="The model provider; the service's first if left out.")
@click.option("--model", default="", help="The model; the service's default if left out.")
@json_option
@with_operator
def command(op: Operating, provider: str, model: str, as_json: bool) -> None:
    """Let the service make one tiny model call and say how it went. Exit code 1 if it did not work.

    \b
    Example:
      hmctl admin llm-probe --provider openrouter
    """
    run(op, Options(provider, model, as_json))


def run(op: Operating, options: Options) -> None:
    """Probes and prints (HttpFailed; exit 1 unless the provider answered with success)."""
    answer = op.calls.llm_probe(provider=options.provider, model=options.model)
    status = wire.whole(answer, "status_code")
    worked = status is not None and 200 <= status < 300
    if options.as_json:
        op.terminal.document(answer)
    else:
        facts = [(label, wire.text(answer, name)) for label, name in (("Provider", "provider"), ("Model", "model"))]
        facts.append(("Address", wire.text(answer, "base_url")))
        facts.append(("Key", "configured" if answer.get("api_key_configured") is True else "not configured"))
        elapsed = wire.whole(answer, "elapsed_ms")
        facts.append(("Took", "-" if elapsed is None else f"{elapsed} ms"))
        facts.append(("Answer", "-" if status is None else str(status)))
        if not worked:
            why = (wire.text(answer, "error_class"), wire.text(answer, "error") or wire.text(answer, "body_head"))
            facts.append(("Error", ": ".join(filter(None, why)) or "-"))
        op.terminal.data(columns.labelled([(label, value or "-") for label, value in facts]))
    if not worked:
        raise click.exceptions.Exit(exits.FAILED)
