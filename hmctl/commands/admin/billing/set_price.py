"""`hmctl admin billing set-price`."""

from dataclasses import dataclass

import click

from hmctl.client.transport import JsonObject
from hmctl.commands import params
from hmctl.commands.admin.billing import prices
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    provider: str
    model: str
    prompt_micro_usd: int
    completion_micro_usd: int
    source: str
    effective_from: float | None
    as_json: bool


@click.command("set-price")
@click.argument("provider")
@click.argument("model")
@click.option("--prompt-usd-per-million", "prompt", type=params.USD, required=True, metavar="USD")
@click.option("--completion-usd-per-million", "completion", type=params.USD, required=True, metavar="USD")
@click.option("--source", default="admin", show_default=True, help="Where the price comes from.")
@click.option(
    "--from", "effective_from", type=params.MOMENT, metavar="DATE", help="In force from this moment on (UTC)."
)
@json_option
@with_operator
def command(op: Operating, /, provider: str, model: str, as_json: bool, **given: object) -> None:
    """Set what a million tokens of a model cost. Questions that were asked before keep their price.

    \b
    Examples:
      hmctl admin billing set-price openrouter m/x --prompt-usd-per-million 0.25 --completion-usd-per-million 2
      hmctl admin billing set-price openrouter m/x --prompt-usd-per-million 0.30 --completion-usd-per-million 2.40 \\
        --from 2027-01-01
    """
    prompt, completion, moment = given["prompt"], given["completion"], given["effective_from"]
    options = Options(
        provider=provider,
        model=model,
        prompt_micro_usd=prompt if isinstance(prompt, int) else 0,
        completion_micro_usd=completion if isinstance(completion, int) else 0,
        source=str(given["source"]),
        effective_from=moment if isinstance(moment, float) else None,
        as_json=as_json,
    )
    run(op, options)


def run(op: Operating, options: Options) -> None:
    """Sets the price (HttpFailed)."""
    body: JsonObject = {
        "provider": options.provider,
        "model": options.model,
        "prompt_usd_per_million": params.dollars(options.prompt_micro_usd),
        "completion_usd_per_million": params.dollars(options.completion_micro_usd),
        "source": options.source,
    }
    if options.effective_from is not None:
        body["effective_from"] = options.effective_from
    answer = op.calls.set_price(body)
    if options.as_json:
        op.terminal.document(answer)
        return
    provider, model, prompt, completion, *_ = prices.row(answer)
    since = units.moment(options.effective_from) if options.effective_from is not None else "now"
    facts = [("Price", f"{provider}/{model}"), ("Prompt/M", prompt), ("Output/M", completion), ("In force", since)]
    op.terminal.data(columns.labelled(facts))
