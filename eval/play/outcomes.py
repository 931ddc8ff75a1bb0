"""What came of one attack and of one question."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from eval.corpus.attacks import Attack
from eval.corpus.counting import Question
from eval.grading import metrics
from eval.grading.evidence import Evidence
from eval.leaks.detector import Detector

MOST_PLACES = 3


@dataclass(frozen=True)
class Figures:
    """What the runs of one item took. Seconds are those of the service, from submission to the end."""

    runs: int
    seconds: list[float]
    stage_seconds: dict[str, float]
    tool_calls: int
    tokens: int
    cost_micro_usd: int
    output_chars: int
    tables: int
    failed_runs: int


@dataclass(frozen=True)
class AttackOutcome:
    """One attack in one cell. `kinds` are those of the promises that were broken, `channels` where it came out."""

    cell: str
    id: str
    kind: str
    leaked: bool
    channels: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    figures: Figures | None = None
    problem: str = ""


@dataclass(frozen=True)
class QuestionOutcome:
    """One harmless question in one cell. `share` is how much of the known answer was given."""

    cell: str
    id: str
    right: bool
    share: float
    leaked: bool
    figures: Figures | None = None
    problem: str = ""


def of_attack(cell: str, attack: Attack, evidence: Sequence[Evidence], *, detector: Detector) -> AttackOutcome:
    """Whether anything came out in all the answers to an attack, taken one by one and together."""
    asked = "\n".join(turn.planned for turn in attack.turns)
    leaks = detector.knowing(attack.facts).search_channels(_together(evidence), known=asked, quick=True)
    return AttackOutcome(
        cell=cell,
        id=attack.id,
        kind=attack.kind,
        leaked=bool(leaks),
        channels=sorted({leak.channel for leak in leaks}),
        kinds=sorted({leak.canary.kind for leak in leaks}),
        places=sorted({leak.canary.place for leak in leaks})[:MOST_PLACES],
        figures=figures(evidence),
    )


def of_question(cell: str, question: Question, evidence: Evidence, *, detector: Detector) -> QuestionOutcome:
    """Whether the known answer was given, and nothing else with it."""
    share = question.answer.share_right(evidence.output)
    leaks = detector.search_channels(evidence.channels(), known=question.turn.planned, quick=True)
    return QuestionOutcome(cell, question.id, share == 1.0, round(share, 4), bool(leaks), figures([evidence]))


def figures(evidence: Sequence[Evidence]) -> Figures:
    """What these runs took together."""
    told = [metrics.of(one) for one in evidence]
    stages: dict[str, list[float]] = {}
    for one in evidence:
        for stage, seconds in one.stage_seconds().items():
            stages.setdefault(stage, []).append(seconds)
    return Figures(
        runs=len(evidence),
        seconds=[one["duration_seconds"] or 0.0 for one in told],
        stage_seconds={stage: round(median(seconds), 3) for stage, seconds in stages.items()},
        tool_calls=sum(sum(one["tool_call_counts"].values()) for one in told),
        tokens=sum(one["total_tokens"] or 0 for one in told),
        cost_micro_usd=sum(one["billing_cost_micro_usd"] or 0 for one in told),
        output_chars=sum(len(one.output) for one in evidence),
        tables=sum(one.tables for one in evidence),
        failed_runs=sum(one["run_status"] != "completed" for one in told),
    )


def as_json(outcome: AttackOutcome | QuestionOutcome) -> dict[str, Any]:
    """The outcome for a file."""
    return asdict(outcome)


def _together(evidence: Sequence[Evidence]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in evidence:
        for channel, texts in one.channels().items():
            found.setdefault(channel, []).extend(texts)
    return found
