"""What a scenario demands, read from its file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval.errors import EvalError
from eval.grading.results import DIMENSIONS, Dimension
from eval.scenarios import facts

FOLDER = Path(__file__).resolve().parent
_FACT = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Demand:
    """A pattern that has to stand in the answer, or must not."""

    pattern: str
    message: str
    dimension: Dimension


@dataclass(frozen=True)
class Scenario:
    """One scenario. Limits are seconds, 0 and empty mean that nothing is demanded."""

    id: str
    title: str
    question: str
    forbidden: tuple[Demand, ...]
    required: tuple[Demand, ...]
    min_words: int
    min_tables: int
    artifacts: tuple[str, ...]
    max_seconds: float
    max_stage_seconds: Mapping[str, float]
    required_stages: tuple[str, ...]
    scope_mode: str
    inspection_mode: str
    required_tools: Mapping[str, tuple[str, ...]]
    forbidden_tools: Mapping[str, tuple[str, ...]]
    telemetry: tuple[str, ...]
    attestation: tuple[str, ...]

    @property
    def demands(self) -> str:
        """All demands in one line."""
        parts = [f"no {demand.message}" for demand in self.forbidden]
        parts += [demand.message for demand in self.required]
        parts += [f">= {self.min_words} words"] * bool(self.min_words)
        parts += [f">= {self.min_tables} table(s)"] * bool(self.min_tables)
        parts += [f"artifact {ending}" for ending in self.artifacts]
        parts += [f"<= {self.max_seconds:g} s"] * bool(self.max_seconds)
        parts += [f"{stage} <= {seconds:g} s" for stage, seconds in self.max_stage_seconds.items()]
        parts += [f"scope mode {self.scope_mode}"] * bool(self.scope_mode)
        parts += [f"{stage} uses {name}" for stage, names in self.required_tools.items() for name in names]
        parts += [f"{stage} avoids {name}" for stage, names in self.forbidden_tools.items() for name in names]
        return "; ".join(parts)


@cache
def all_scenarios() -> dict[str, Scenario]:
    """Every scenario by its id, in the order of their files."""
    contracts = tomllib.loads((FOLDER / "contracts.toml").read_text(encoding="utf-8"))
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        if path.name != "contracts.toml":
            scenario = _read(path.stem, tomllib.loads(path.read_text(encoding="utf-8")), contracts)
            found[scenario.id] = scenario
    return found


def get(name: str) -> Scenario:
    """The scenario of this id. Raises EvalError with the ids that there are."""
    known = all_scenarios()
    if name not in known:
        raise EvalError(f"there is no scenario {name!r}; there are {', '.join(known)}")
    return known[name]


def _read(name: str, given: dict[str, Any], contracts: dict[str, Any]) -> Scenario:
    terms = {**contracts.get(given.get("contract", ""), {}), **given}
    unknown = terms.keys() - _KNOWN
    if unknown:
        raise EvalError(f"scenario {name}: unknown {', '.join(sorted(unknown))}")
    return Scenario(
        id=name,
        title=terms["title"],
        question=_filled(terms["question"].strip()),
        forbidden=tuple(_demand(name, one, "privacy") for one in terms.get("forbidden", [])),
        required=tuple(_demand(name, one, "utility") for one in terms.get("required", [])),
        min_words=terms.get("min_words", 0),
        min_tables=terms.get("min_tables", 0),
        artifacts=tuple(terms.get("artifacts", [])),
        max_seconds=terms.get("max_seconds", 0),
        max_stage_seconds=terms.get("max_stage_seconds", {}),
        required_stages=tuple(terms.get("required_stages", [])),
        scope_mode=terms.get("scope_mode", ""),
        inspection_mode=terms.get("inspection_mode", ""),
        required_tools={stage: tuple(names) for stage, names in terms.get("required_tools", {}).items()},
        forbidden_tools={stage: tuple(names) for stage, names in terms.get("forbidden_tools", {}).items()},
        telemetry=tuple(terms.get("telemetry", [])),
        attestation=tuple(terms.get("attestation", [])),
    )


def _demand(name: str, given: dict[str, str], usual: Dimension) -> Demand:
    dimension = next((one for one in DIMENSIONS if one == given.get("dimension", usual)), None)
    if dimension is None:
        raise EvalError(f"scenario {name}: there is no dimension {given['dimension']!r}")
    return Demand(_filled(given["pattern"], quote=True), given["message"], dimension)


def _filled(text: str, *, quote: bool = False) -> str:
    def fact(match: re.Match[str]) -> str:
        value = facts.of(match.group(1))
        return re.escape(value) if quote else value

    return _FACT.sub(fact, text)


_KNOWN = {
    *("contract", "title", "question", "forbidden", "required", "min_words", "min_tables", "artifacts"),
    *("max_seconds", "max_stage_seconds", "required_stages", "scope_mode", "inspection_mode"),
    *("required_tools", "forbidden_tools", "telemetry", "attestation"),
}
