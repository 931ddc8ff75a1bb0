"""Which tokens of a run went to which model: what prices are applied to, in the books and in the record alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.terms import RunTerms, StageTerms

SIMULATION = "simulation"


@dataclass(frozen=True)
class ModelUse:
    """Tokens of one stage at the model and price of `agreed`."""

    name: str
    agreed: StageTerms
    prompt_tokens: int
    completion_tokens: int


def of(terms: RunTerms, usage: Mapping[str, Any]) -> Iterator[ModelUse]:
    """Each stage's own use, in order, and after the scope stage what its simulations of the query stage used.

    Simulations ask the query stage's model out of the scope stage's budget, whose counts include them.
    """
    used = usage.get("stages", {})
    for name, agreed in terms.stages:
        prompt, completion = _tokens(used.get(name, {}))
        rehearsed = _tokens(used.get(name, {}).get("simulations", {}))
        yield ModelUse(name, agreed, max(prompt - rehearsed[0], 0), max(completion - rehearsed[1], 0))
        if any(rehearsed):
            yield ModelUse(SIMULATION, terms.query, *rehearsed)


def _tokens(used: Mapping[str, Any]) -> tuple[int, int]:
    prompt, completion = (int(used.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
    return max(prompt, 0), max(completion, 0)
