"""A run's stages drawn to scale."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from hivemind.kit import clock
from hivemind.kit.admin import columns
from runner.enums import StageStatus
from runner.models import Run, Stage

LEAST_PERCENT = 1.5
SQUARE = '<span class="hm-square hm-{}" title="{}">{}</span>'


@dataclass(frozen=True)
class Bar:
    """One stage: where its bar begins and how wide it is, in percent of the run's time."""

    name: str
    status: str
    left: float
    width: float
    took: str
    exit: str


def begun_at(run: Run) -> datetime | None:
    """When the first stage began."""
    return min((s.started_at for s in run.stages.all() if s.started_at), default=None)


def bars(run: Run) -> list[Bar]:
    """The wait and the stages of a run, in order."""
    until = run.ended_at or clock.now()
    whole = max((until - run.created_at).total_seconds(), 0.001)
    begun = begun_at(run) or until
    wait = Bar(
        "waiting",
        "wait",
        *_place(run.created_at, begun, run.created_at, whole),
        columns.took(run.created_at, begun),
        "",
    )
    return [wait, *(_bar(stage, run.created_at, until, whole) for stage in run.stages.all())]


def strip(run: Run) -> SafeString:
    """The stages in small: one square each, coloured by its state."""
    squares = format_html_join("", SQUARE, (_square(stage) for stage in run.stages.all()))
    return format_html('<span class="hm-strip">{}</span>', squares)


def _square(stage: Stage) -> tuple[str, str, str]:
    told = f"{stage.name}: {stage.status}, {columns.took(stage.started_at, stage.ended_at)}"
    return stage.status, told, stage.name[:1].upper()


def _bar(stage: Stage, zero: datetime, until: datetime, whole: float) -> Bar:
    end = stage.ended_at or (until if stage.started_at else None)
    left, width = _place(stage.started_at, end, zero, whole) if stage.started_at and end else (0.0, 0.0)
    return Bar(stage.name, stage.status, left, width, columns.took(stage.started_at, end), _exit(stage))


def _place(start: datetime, end: datetime, zero: datetime, whole: float) -> tuple[float, float]:
    left = min(100.0 - LEAST_PERCENT, max(0.0, (start - zero).total_seconds() * 100 / whole))
    width = max(LEAST_PERCENT, (end - start).total_seconds() * 100 / whole)
    return round(left, 2), round(min(width, 100.0 - left), 2)


def _exit(stage: Stage) -> str:
    if stage.status not in (StageStatus.DONE, StageStatus.FAILED):
        return ""
    status = "" if stage.exit_code is None else f"status {stage.exit_code}"
    return ", ".join(part for part in (stage.exit_reason.replace("_", " "), status) if part)
