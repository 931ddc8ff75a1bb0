"""What the root command hands to the command below it; light, so that `--version` stays cheap."""

from dataclasses import dataclass, field

from hmctl.clock import Clock, SystemClock
from hmctl.settings import Flags


@dataclass(frozen=True)
class Launch:
    """Global options, and the clock that tests replace."""

    flags: Flags = field(default_factory=Flags)
    clock: Clock = field(default_factory=SystemClock)
