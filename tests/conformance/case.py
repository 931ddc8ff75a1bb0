"""What a case is: circumstances, one lie, a command, and what a client must answer."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.actions import Action
from tests.conformance.secret_things import NOTHING
from tests.conformance.setting import HARDWARE, Setting
from tests.conformance.world import World

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Expect:
    """The exit code and, in the machine-readable answer, which check failed and why. Empty: not looked at."""

    exit: int
    check: str = ""
    code: str = ""


HONEST = Expect(0)


@dataclass(frozen=True, kw_only=True)
class Case:
    """`arrange` sets the scene, `before` are honest commands with their exit codes; then `tell` changes one thing, then
    `action` is played.

    `may_see` names the secrets that the service may have seen by the time it is refused: nothing while it has not
    proven itself. `prints` is a text that stdout holds after an honest case. `as_person` also plays the command without
    the machine-readable answer: then nothing at all may be on stdout. `spoil` changes the user's files, given the
    client's folder, in place of a lie of the service.
    """

    name: str
    lie: str
    action: Action
    expect: Expect
    tell: Callable[[World], object] | None = None
    setting: Setting = HARDWARE
    arrange: Callable[[World], object] | None = None
    before: tuple[Action | tuple[Action, int], ...] = ()
    may_see: frozenset[str] = NOTHING
    prints: Callable[[World], str] | None = None
    as_person: bool = False
    spoil: Callable[[World, Path], object] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"not a case's name: {self.name}")

    @property
    def family(self) -> str:
        return self.name.partition("/")[0]

    @property
    def is_honest(self) -> bool:
        return self.expect.exit == 0 or self.family == "honest"


def unique(cases: Iterable[Case]) -> tuple[Case, ...]:
    """The cases, in their order (ValueError for a name that occurs twice)."""
    found = tuple(cases)
    names = [case.name for case in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"names of more than one case: {sorted(twice)}")
    return found
