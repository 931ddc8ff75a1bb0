"""How far a large download is: a bar for a person, nothing for a program."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from hmctl.io import Terminal, one_line

LARGE: Final = 1024 * 1024
OnPart = Callable[[int], None]


@contextmanager
def bar(terminal: Terminal, name: str, size_bytes: int | None) -> Iterator[OnPart | None]:
    """Shows the bar until the block ends. Gives what is to be told how many bytes there are so far."""
    if not terminal.is_live or size_bytes is None or size_bytes < LARGE:
        yield None
        return
    console = Console(stderr=True, no_color=terminal.plain, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(one_line(name), total=size_bytes)
        yield lambda so_far: progress.update(task, completed=so_far)
