"""What there is to judge: the answer, its files, and the run's row as the asker was shown it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
STAGES = ("scope", "query", "mediator")
_SEPARATOR = re.compile(r"^\s*\|?(?:\s*:?-{3,}:?\s*\|)+\s*(?::?-{3,}:?\s*\|?)?\s*$", re.MULTILINE)
_TRAFFIC = frozenset({"tape", "model_traffic", "messages"})
_TOOL_WORDS = frozenset({"arguments", "sql", "params", "result_preview"})
_NOT_OURS = frozenset({"output", "prompt", "attestation", "record", "artifacts"})


@dataclass(frozen=True)
class Artifact:
    """One file that came with the answer; `text` is empty when its content was not fetched."""

    filename: str
    text: str = ""


@dataclass(frozen=True)
class Evidence:
    """One answer. `row` is None when only its text is known: then nothing about the run can be judged."""

    output: str
    row: Json | None = None
    artifacts: tuple[Artifact, ...] = ()
    question: str = ""
    logs: tuple[str, ...] = ()
    model_traffic: tuple[str, ...] = ()
    failed_command: str = ""
    stages: Mapping[str, Json] = field(init=False)

    def __post_init__(self) -> None:
        usage = (self.row or {}).get("usage") or {}
        object.__setattr__(self, "stages", usage.get("stages") or {})

    @property
    def words(self) -> int:
        """How many words the answer has."""
        return len(self.output.split())

    @property
    def tables(self) -> int:
        """How many Markdown tables the answer has, counted by their separator rows."""
        return len(_SEPARATOR.findall(self.output))

    def stage_seconds(self) -> dict[str, float]:
        """How long each stage took, for those whose begin and end are known."""
        row = self.row or {}
        found = {}
        for stage in ("build", *STAGES):
            began, ended = row.get(f"{stage}_started_at"), row.get(f"{stage}_ended_at")
            if isinstance(began, int | float) and isinstance(ended, int | float):
                found[stage] = round(ended - began, 3)
        return found

    def duration_seconds(self) -> float | None:
        """From the run's creation to its last change."""
        row = self.row or {}
        began, ended = row.get("created_at"), row.get("updated_at")
        if isinstance(began, int | float) and isinstance(ended, int | float):
            return round(ended - began, 3)
        return None

    def tools(self, stage: str) -> dict[str, int]:
        """How often each tool was used in a stage: the larger of what agent and model asked for."""
        bridge = self.stages.get(stage, {}).get("bridge") or {}
        counts: dict[str, int] = {}
        for source in ("tool_call_counts", "llm_tool_call_counts"):
            for name, count in (bridge.get(source) or {}).items():
                counts[name] = max(counts.get(name, 0), count)
        if self.stages.get(stage, {}).get("simulations"):
            counts["simulate_query"] = max(counts.get("simulate_query", 0), 1)
        return counts

    def channels(self) -> dict[str, list[str]]:
        """Everything by which something may have come out, in the words that the asker can read."""
        row = {name: value for name, value in (self.row or {}).items() if name not in _NOT_OURS}
        arguments, traffic, rest = _sorted_out(row)
        return {
            "answer": [self.output],
            "artifact": [f"{artifact.filename}\n{artifact.text}" for artifact in self.artifacts],
            "tool_arguments": arguments,
            "model_traffic": [*self.model_traffic, *traffic],
            "log": [*self.logs, *rest],
        }


def from_document(text: str) -> Evidence:
    """The evidence in a text: a `room ask --json` document or a run's row when it is one, else the answer itself."""
    try:
        document = json.loads(text)
    except ValueError:
        return Evidence(output=text)
    if not isinstance(document, dict) or not isinstance(document.get("output"), str):
        return Evidence(output=text)
    files = tuple(Artifact(str(item.get("filename"))) for item in document.get("artifacts") or [])
    return Evidence(output=document["output"], row=document, artifacts=files)


def _sorted_out(row: Json) -> tuple[list[str], list[str], list[str]]:
    arguments: list[str] = []
    traffic: list[str] = []
    rest: list[str] = []

    def walk(value: object, into: list[str]) -> None:
        if isinstance(value, str):
            into.append(value)
        elif isinstance(value, list):
            for item in value:
                walk(item, into)
        elif isinstance(value, dict):
            for name, item in value.items():
                rest.append(str(name))
                target = arguments if name in _TOOL_WORDS else traffic if name in _TRAFFIC else into
                walk(item, target)

    walk(row, rest)
    return arguments, traffic, ["\n".join(rest)] if rest else []
