"""An upload while it goes on: a living line with bytes for a person, its beginning and end for everything else."""

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from hmctl.clock import Clock
from hmctl.io import UNVERIFIED, Terminal
from hmctl.render import units


class Uploading:
    """Shown around one upload. Hand `sent` to whatever sends the bytes."""

    def __init__(self, terminal: Terminal, clock: Clock, *, label: str, total_bytes: int) -> None:
        self._terminal, self._clock, self._label = terminal, clock, label
        self._total = total_bytes
        self._sent = 0
        self._began = clock.steady()
        self._live: Live | None = None

    def sent(self, count: int) -> None:
        """`count` bytes of the package have left by now."""
        self._sent = min(count, self._total)

    def line(self) -> Text:
        """The line as it is now."""
        share = 100 * self._sent // self._total if self._total else 100
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(UNVERIFIED if self._terminal.unverified else "", style="bold red")
        line.append(f"{self._label} ", style="bold")
        if self._sent >= self._total:
            return line.append(f"{units.size(self._total)} sent, waiting for the service", style="yellow")
        return line.append(f"{units.size(self._sent)} of {units.size(self._total)} ({share} %)", style="yellow")

    def __enter__(self) -> "Uploading":
        if self._terminal.is_live:
            console = Console(stderr=True, no_color=self._terminal.plain, highlight=False)
            self._live = Live(console=console, get_renderable=self.line, transient=True, refresh_per_second=8)
            self._live.start()
        else:
            self._terminal.say(f"{self._label} ({units.size(self._total)})")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if kind is None:
            self._terminal.say(f"uploaded in {units.duration(self._clock.steady() - self._began)}")
