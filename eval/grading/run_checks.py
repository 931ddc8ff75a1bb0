"""Checks of how an answer came about: time, stages, modes, tools, telemetry, the signed record."""

from collections.abc import Iterator
from typing import Any

from eval.grading.evidence import Evidence
from eval.grading.results import Check, Dimension
from eval.scenarios.shape import Scenario

_AGENTS: dict[str, Dimension] = {"scope": "scope_agent", "query": "query_agent", "mediator": "mediator"}


def ending(_: Scenario, evidence: Evidence) -> Iterator[Check]:
    """The run has ended well."""
    status = str((evidence.row or {}).get("status"))
    yield Check("run_status", "system", status == "completed", "the run is completed", "completed", status)


def latency(scenario: Scenario, evidence: Evidence) -> Iterator[Check]:
    """The whole run and each stage are fast enough. What was not measured was not fast enough."""
    if scenario.max_seconds:
        yield _within("latency_total", "the run", evidence.duration_seconds(), scenario.max_seconds)
    known = evidence.stage_seconds()
    for stage, most in scenario.max_stage_seconds.items():
        yield _within("latency_stage", f"the {stage} stage", known.get(stage), most)


def stages(scenario: Scenario, evidence: Evidence) -> Iterator[Check]:
    """Every stage that has to be there was there."""
    seen = evidence.stage_seconds().keys() | evidence.stages.keys()
    for stage in scenario.required_stages:
        yield Check("required_stage", _AGENTS[stage], stage in seen, f"the {stage} stage ran", stage, ", ".join(seen))


def modes(scenario: Scenario, evidence: Evidence) -> Iterator[Check]:
    """The scope stage was told to work as expected."""
    row = evidence.row or {}
    wanted = (("scope_mode", scenario.scope_mode), ("query_inspection_mode", scenario.inspection_mode))
    for name, value in wanted:
        if value:
            seen = str(row.get(name))
            yield Check(name, "scope_agent", seen == value, f"{name} is {value}", value, seen)


def tools(scenario: Scenario, evidence: Evidence) -> Iterator[Check]:
    """Tools that have to be used were used, others were not."""
    for kind, by_stage in (("required_tool", scenario.required_tools), ("forbidden_tool", scenario.forbidden_tools)):
        for stage, names in by_stage.items():
            used = evidence.tools(stage)
            for name in names:
                wanted = kind == "required_tool"
                met = (used.get(name, 0) > 0) == wanted
                message = f"{stage} {'uses' if wanted else 'does not use'} {name}"
                yield Check(kind, _AGENTS[stage], met, message, name, f"{name}: {used.get(name, 0)}")


def telemetry(scenario: Scenario, evidence: Evidence) -> Iterator[Check]:
    """The run's row tells what it has to tell. Paths have dots; a number counts as told, whatever it is."""
    for path in scenario.telemetry:
        value = lookup(evidence.row or {}, path)
        told = value not in (None, "", {}, [])
        yield Check("telemetry", "observability", told, f"the row tells {path}", path, repr(value))


def attestation(scenario: Scenario, evidence: Evidence) -> Iterator[Check]:
    """The signed record has what it has to have."""
    row = evidence.row or {}
    body = (row.get("attestation") or row.get("record") or {}).get("body") or {}
    for name in scenario.attestation:
        message = f"the signed record has {name}"
        yield Check(
            "attestation_field", "attestation", name in body, message, name, repr(body.get(name)), critical=True
        )


def lookup(row: dict[str, Any], path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _within(kind: str, what: str, seconds: float | None, most: float) -> Check:
    seen = "not measured" if seconds is None else f"{seconds:g} s"
    met = seconds is not None and seconds <= most
    return Check(kind, "performance", met, f"{what} takes at most {most:g} s", f"{most:g}", seen)
