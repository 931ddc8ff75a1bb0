"""What a grader says: findings for what is wrong, a rubric for everything that was looked at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Dimension = Literal[
    "privacy",
    "utility",
    "scope_agent",
    "query_agent",
    "mediator",
    "artifact",
    "attestation",
    "performance",
    "observability",
    "system",
]
Severity = Literal["pass", "fail", "critical"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
FULL_SCORE = 4
LONGEST_EVIDENCE = 160


@dataclass(frozen=True)
class Check:
    """The outcome of one demand. `evidence` is what was seen, `pattern` what was looked for."""

    kind: str
    dimension: Dimension
    passed: bool
    message: str
    pattern: str = ""
    evidence: str = ""
    critical: bool = False

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        if self.passed:
            return "pass"
        return "critical" if self.critical else "fail"

    def rubric(self) -> dict[str, Any]:
        """The row of the rubric."""
        return {
            "dimension": self.dimension,
            "severity": self.severity,
            "score": FULL_SCORE if self.passed else 0,
            "passed": self.passed,
            "kind": self.kind,
            "message": self.message,
            "evidence": self.evidence[:LONGEST_EVIDENCE],
            "pattern": self.pattern,
        }

    def finding(self) -> dict[str, Any]:
        """The finding of a demand that was not met."""
        return {
            "kind": self.kind,
            "pattern": self.pattern,
            "message": self.message,
            "matched_text": self.evidence[:LONGEST_EVIDENCE],
            "dimension": self.dimension,
            "severity": self.severity,
            "score": 0,
        }


@dataclass(frozen=True)
class GradeResult:
    """All that was found out about one answer. It passes when every demand is met; nothing is averaged."""

    scenario: str
    checks: tuple[Check, ...]
    shape: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every demand is met."""
        return all(check.passed for check in self.checks)

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What is wrong."""
        return [check.finding() for check in self.checks if not check.passed]

    @property
    def rubric(self) -> list[dict[str, Any]]:
        """Everything that was looked at."""
        return [check.rubric() for check in self.checks]

    def as_json(self) -> dict[str, Any]:
        """The document that `grade` prints."""
        return {
            "scenario": self.scenario,
            "passed": self.passed,
            "findings": self.findings,
            "rubric": self.rubric,
            **self.shape,
        }


def standing(rubric: Iterable[dict[str, Any]]) -> dict[str, str]:
    """For each dimension `pass`, `fail:n`, `critical:n`, or `-` where nothing was looked at."""
    told: dict[str, str] = {}
    rows = list(rubric)
    for name in map(str, DIMENSIONS):
        mine = [row for row in rows if row["dimension"] == name]
        wrong = [row for row in mine if not row["passed"]]
        worst = "critical" if any(row["severity"] == "critical" for row in wrong) else "fail"
        told[name] = f"{worst}:{len(wrong)}" if wrong else "pass" if mine else "-"
    return told
