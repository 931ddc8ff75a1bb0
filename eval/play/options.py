"""From the options of `compare` to a plan."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from eval import arms
from eval.errors import EvalError
from eval.play.campaign import DEFAULT_ARMS, Plan

AGENTS = arms.ROOT.parent / "agents"
MEDIATED = {"with": (True,), "without": (False,), "both": (False, True)}
SETTINGS = ("HIVEMIND_LLM_", "HIVEMIND_TINFOIL_")


def plan(names: Sequence[str], given: Mapping[str, Any]) -> Plan:
    """The plan. Raises EvalError for the arm that needs a model when there is none."""
    common: dict[str, Any] = {
        "arms": tuple(names) or DEFAULT_ARMS,
        "mediated": MEDIATED[given["mediator"]],
        "attacks_each": given["attacks_per_class"],
        "questions": given["questions"],
        "parallel": given["parallel"],
        "seconds": float(given["timeout"]),
    }
    if not given["model"]:
        if "default" in common["arms"]:
            raise EvalError("the arm `default` needs a --model")
        return Plan(**common)
    return Plan(
        **common,
        query_agent=AGENTS / "default-query",
        mediator_agent=AGENTS / "default-mediator",
        choices={"model": given["model"], "provider": given["provider"]},
        model_settings={name: value for name, value in os.environ.items() if name.startswith(SETTINGS)},
    )
