"""What the root command hands to the command below it; light, so that `--version` stays cheap."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmctl.clock import Clock, SystemClock
from hmctl.settings import Flags

if TYPE_CHECKING:
    from attestation.evidence.roots import TrustRoot


@dataclass(frozen=True)
class Launch:
    """Global options, and what tests replace: the clock, and the root that hardware leads to (None: the maker's)."""

    flags: Flags = field(default_factory=Flags)
    clock: Clock = field(default_factory=SystemClock)
    hardware: "TrustRoot | None" = None
