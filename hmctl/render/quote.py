"""A quote as a person reads it: stage by stage, and the whole."""

from hmctl.render import columns, units
from hmctl.runs.quoting import Quote


def table(quote: Quote) -> str:
    """One line per stage; nothing but a remark when no model is called."""
    if not quote.stages:
        return "no model is called in this room, so questions cost nothing"
    header = ("STAGE", "MODEL", "TOKENS", "PROMPT/M", "OUTPUT/M", "AT MOST")
    rows = [
        (
            stage.name or "-",
            stage.model or "-",
            _count(stage.max_tokens),
            _price(stage.prompt_micro_usd_per_mtok),
            _price(stage.completion_micro_usd_per_mtok),
            _price(stage.max_cost_micro_usd),
        )
        for stage in quote.stages
    ]
    return columns.table(header, rows)


def summary(quote: Quote, *, available_micro_usd: int | None) -> str:
    """The highest cost, what it is based on, and the payer's credit."""
    bound = units.micro_usd(quote.max_cost_micro_usd)
    if quote.missing_prices:
        bound = f"not known (at least {bound})" if quote.max_cost_micro_usd else "not known"
    facts = [("At most", bound)]
    if quote.stages:
        shared = f"{_count(quote.max_tokens)} tokens shared by all stages, each at its model's dearer rate"
        facts.append(("Based on", f"{shared}, prices of {units.moment(quote.priced_at)}"))
        facts.append(("Provider", quote.provider or "-"))
    if available_micro_usd is not None:
        facts.append(("Available", units.micro_usd(available_micro_usd)))
    return columns.labelled(facts)


def _count(tokens: int | None) -> str:
    return "-" if tokens is None else str(tokens)


def _price(amount_micro_usd: int | None) -> str:
    return "-" if amount_micro_usd is None else units.micro_usd(amount_micro_usd)
