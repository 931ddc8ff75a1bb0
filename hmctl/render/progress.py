"""A run's stages while it goes on: one living line for a person, one line per event for everything else.

Durations of ended stages come from the service's clock, the running one counts on ours.
"""

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from hmctl.client import wire
from hmctl.client.wire import RunRow, StageTime
from hmctl.clock import Clock
from hmctl.io import UNVERIFIED, Terminal, one_line
from hmctl.render import units


class EventLines:
    """Says what began and what ended, once each."""

    def __init__(self, terminal: Terminal, *, label: str = "") -> None:
        self._terminal = terminal
        self._prefix = f"{label}: " if label else ""
        self._said: set[str] = set()

    def __enter__(self) -> "EventLines":
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def show(self, row: RunRow) -> None:
        """Says what is new."""
        for stage in row.stages:
            if stage.started_at is not None and stage.ended_at is None:
                self._say(f"{stage.name}{_step_of(row, stage)} …")
            elif stage.started_at is not None and stage.ended_at is not None:
                self._say(f"{stage.name} {units.duration(stage.ended_at - stage.started_at)}")
        if not any(stage.started_at is not None for stage in row.stages):
            self._say(one_line(row.status, width=40))

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._terminal.say(self._prefix + text)


class LivingLine:
    """One line on stderr, redrawn until the run ends, then gone."""

    def __init__(self, clock: Clock, *, label: str, plain: bool = False, mark: str = "") -> None:
        self._clock = clock
        self._label, self._mark = label, mark
        self._began = clock.steady()
        self._row: RunRow | None = None
        self._first_seen: dict[str, float] = {}
        console = Console(stderr=True, no_color=plain, highlight=False)
        self._live = Live(console=console, get_renderable=self.line, transient=True, refresh_per_second=8)

    def __enter__(self) -> "LivingLine":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, row: RunRow) -> None:
        """Takes the newest state; drawing happens by itself."""
        for stage in row.stages:
            if stage.started_at is not None:
                self._first_seen.setdefault(stage.name, self._clock.steady())
        self._row = row

    def line(self) -> Text:
        """The line as it is now."""
        total = units.duration(self._clock.steady() - self._began)
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(self._mark, style="bold red").append(f"{self._label} {total}", style="bold")
        if self._row is None:
            return line.append("  …", style="dim")
        known = [stage for stage in self._row.stages if stage.started_at is not None]
        for stage in known:
            line.append("  ").append(*self._stage(stage, _step_of(self._row, stage)))
        return line if known else line.append(f"  {one_line(self._row.status, width=40)}", style="dim")

    def _stage(self, stage: StageTime, step: str) -> tuple[str, str]:
        if stage.ended_at is not None and stage.started_at is not None:
            return f"{stage.name} {units.duration(stage.ended_at - stage.started_at)} ✓", "green"
        seen = self._first_seen.get(stage.name, self._clock.steady())
        return f"{stage.name}{step} {units.duration(self._clock.steady() - seen)}", "yellow"


def _step_of(row: RunRow, stage: StageTime) -> str:
    """` 2/7` while the build of a brought agent carries out the second of seven instructions."""
    build = wire.obj(row.raw, "build") if stage.name == "build" else {}
    step, steps = wire.whole(build, "step"), wire.whole(build, "steps")
    return f" {step}/{steps}" if step and steps else ""


def for_run(terminal: Terminal, clock: Clock, *, label: str) -> "EventLines | LivingLine":
    """The fitting kind for where stderr leads."""
    if not terminal.is_live:
        return EventLines(terminal)
    return LivingLine(clock, label=label, plain=terminal.plain, mark=UNVERIFIED if terminal.unverified else "")
