"""A whole comparison from nothing: a service of its own, the data, the rooms, the play, the results."""

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval import arms
from eval.corpus import attacks, questions
from eval.dataset.generate import SEED, generate
from eval.leaks.detector import Detector
from eval.place import rooms
from eval.place.rooms import Cell
from eval.place.service import CHECKOUT, OwnService
from eval.place.upstream import RecordingUpstream
from eval.play.comparison import Comparison, Manner, Material, Results, Say
from eval.play.outcomes import AttackOutcome, QuestionOutcome, as_json

DEFAULT_ARMS = ("none", "scope_fn", "row_policies")
EVERYTHING = 0


@dataclass(frozen=True)
class Plan:
    """What is played. 0 attacks of each class, or questions, stand for all; a `model` asks without plans."""

    arms: Sequence[str] = DEFAULT_ARMS
    mediated: Sequence[bool] = (False, True)
    attacks_each: int = EVERYTHING
    questions: int = EVERYTHING
    parallel: int = 4
    seconds: float = 120.0
    query_agent: Path = rooms.LITERAL
    mediator_agent: Path = rooms.MEDIATOR
    choices: dict[str, str] = field(default_factory=dict)
    model_settings: dict[str, str] = field(default_factory=dict)

    @property
    def planned(self) -> bool:
        """Whether questions carry a plan."""
        return not self.choices

    @property
    def cells(self) -> list[Cell]:
        """The cells in the order of the report."""
        return [Cell(arms.BY_NAME[name], mediated) for mediated in self.mediated for name in self.arms]


def material(plan: Plan) -> Material:
    """The data, and what is asked about them."""
    data = generate()
    asked, harmless = attacks.corpus(data), questions.corpus(data)
    if plan.attacks_each:
        asked = attacks.sample(asked, plan.attacks_each)
    if plan.questions:
        harmless = questions.sample(harmless, plan.questions)
    return Material(data, asked, harmless, Detector(data.canaries))


def play(plan: Plan, *, say: Say) -> dict[str, Any]:
    """Play it all and return the document of the results."""
    chosen = material(plan)
    with RecordingUpstream() as upstream, OwnService(upstream.url, settings=plan.model_settings) as service:
        say(f"the service runs at {service.url}")
        comparison = Comparison(
            service.url,
            keys=(service.tenant("owner"), service.tenant("asker")),
            material=chosen,
            manner=Manner(plan.planned, plan.parallel, plan.choices, plan.seconds),
            upstream=upstream,
        )
        cast = rooms.furnish(comparison.owner, chosen.data, query=plan.query_agent, mediator=plan.mediator_agent)
        cast = replace(cast, provider=plan.choices.get("provider", cast.provider))
        results = comparison.play(plan.cells, cast=cast, say=say)
    return document(plan, chosen, results)


def document(plan: Plan, chosen: Material, results: Results) -> dict[str, Any]:
    """The results with everything that tells how they were made."""
    outcomes: list[AttackOutcome | QuestionOutcome] = [*results.attacks, *results.questions]
    agents = f"`{plan.query_agent.name}` asks, `{plan.mediator_agent.name}` mediates"
    made = {
        **machine(),
        "seed": SEED,
        "marks": len(chosen.data.canaries),
        "attacks": len(chosen.attacks),
        "classes": len({attack.kind for attack in chosen.attacks}),
        "questions": len(chosen.questions),
        "parallel": plan.parallel,
        "runs": sum(one.figures.runs for one in outcomes if one.figures),
        "agents": agents + (f", model {plan.choices['model']}" if plan.choices else ", no model"),
    }
    return {
        "made": made,
        "seconds": results.seconds,
        "left_out": results.left_out,
        "attacks": [as_json(one) for one in results.attacks],
        "questions": [as_json(one) for one in results.questions],
    }


def machine() -> dict[str, str]:
    """What it ran on, and which state of the code."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()[0].split()[1]
    changed = " with changes" if _said("git", "status", "--porcelain", "--untracked-files=no") else ""
    return {
        "commit": _said("git", "rev-parse", "--short=12", "HEAD") + changed,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpu": f"{models[0] if models else platform.machine()} x {len(models) or 1}",
        "memory": f"{int(memory) // 1_000_000} GB",
        "kernel": platform.release(),
        "docker": _said("docker", "version", "-f", "{{.Server.Version}}"),
    }


def _said(*words: str) -> str:
    try:
        done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
