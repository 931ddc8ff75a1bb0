"""Careful readings of what a service answers: wrong types count as absent, nothing is trusted for its shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hmctl import ids
from hmctl.client.transport import JsonObject
from hmctl.errors import BadAnswer

STAGES: Final = ("build", "scope", "query", "mediator")
_HUGE: Final = 2**63
ENDED: Final = frozenset({"completed", "failed", "cancelled"})


def text(members: Mapping[str, object], name: str) -> str:
    """A text member, empty if absent."""
    value = members.get(name)
    return value if isinstance(value, str) else ""


def number(members: Mapping[str, object], name: str) -> float | None:
    """A number member, as far as sizes and moments go."""
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _HUGE else None


def whole(members: Mapping[str, object], name: str) -> int | None:
    """An integer member that fits into 64 bits."""
    value = members.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _HUGE else None


def obj(members: Mapping[str, object], name: str) -> JsonObject:
    """An object member, empty if absent."""
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def objects(members: Mapping[str, object], name: str) -> list[JsonObject]:
    """The objects of a list member."""
    value = members.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(members: Mapping[str, object], name: str) -> tuple[str, ...]:
    """The texts of a list member."""
    value = members.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def required(members: Mapping[str, object], name: str) -> str:
    """A text member that must be there (BadAnswer)."""
    value = text(members, name)
    if not value:
        raise BadAnswer(f"the service's answer has no {name}")
    return value


def identifier(members: Mapping[str, object], name: str) -> str:
    """A member that names something at the service, and is shown and used as such (BadAnswer)."""
    value = required(members, name)
    if not ids.is_one(value):
        raise BadAnswer(f"the service's answer has no usable {name}")
    return value


@dataclass(frozen=True)
class Artifact:
    """A file that a run produced, as listed."""

    filename: str
    size_bytes: int | None
    content_type: str


@dataclass(frozen=True)
class StageTime:
    """When a stage began and ended, by the service's clock."""

    name: str
    started_at: float | None
    ended_at: float | None


@dataclass(frozen=True)
class RunRow:
    """A run as the caller may see it. `raw` is the answer itself."""

    raw: JsonObject
    run_id: str
    status: str
    room_id: str
    output: str | None
    error: str | None
    record: object
    stages: tuple[StageTime, ...]
    artifacts: tuple[Artifact, ...]

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED

    @property
    def is_redacted(self) -> bool:
        """Whether the answer was withheld from this caller."""
        return self.raw.get("payload_redacted") is True


def run_row(members: JsonObject) -> RunRow:
    """Reads one run (BadAnswer without id or status)."""
    stages = tuple(
        StageTime(name, number(members, f"{name}_started_at"), number(members, f"{name}_ended_at")) for name in STAGES
    )
    artifacts = tuple(
        Artifact(text(item, "filename"), whole(item, "size_bytes"), text(item, "content_type"))
        for item in objects(members, "artifacts")
    )
    output, error = members.get("output"), members.get("error")
    return RunRow(
        raw=members,
        run_id=required(members, "run_id"),
        status=required(members, "status"),
        room_id=text(members, "room_id"),
        output=output if isinstance(output, str) else None,
        error=error if isinstance(error, str) else None,
        record=members.get("attestation"),
        stages=stages,
        artifacts=artifacts,
    )
