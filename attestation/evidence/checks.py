"""A verifier's account of what it did, by name."""

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What became of a check. A failed one is an exception, never an outcome."""

    VERIFIED = "verified"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class CheckResult:
    """One check; `detail` is a remark for people, for a check left out the reason."""

    name: str
    outcome: Outcome
    detail: str = ""


def verified(name: str, detail: str = "") -> CheckResult:
    """A check that was made and passed."""
    return CheckResult(name, Outcome.VERIFIED, detail)


def not_checked(name: str, reason: str) -> CheckResult:
    """A check that was not made."""
    return CheckResult(name, Outcome.NOT_CHECKED, reason)
