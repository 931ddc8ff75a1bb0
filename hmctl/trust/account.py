"""The account of an examination, check by check: what was verified, what was left out, and what failed.

A failed check ends the verification, so nothing is claimed about the checks beside it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from attestation.evidence import session
from attestation.evidence.checks import CheckResult
from attestation.evidence.checks import Outcome as KernelOutcome
from attestation.evidence.dcap import QUOTE_CHECKS
from attestation.evidence.verifier import VerifiedEvidence
from hmctl.errors import HmctlError

_ALL: Final = (
    *QUOTE_CHECKS,
    "platform policy",
    "event log",
    "compose hash",
    *(session.BUILD, session.NONCE, session.CHANNEL, session.KEYS),
    *("os image", "build", "app id", "key provider", "run signer chain"),
)
_ENDED: Final = "the verification ended before it was complete"


class Outcome(StrEnum):
    """What became of a check."""

    VERIFIED = "verified"
    NOT_CHECKED = "not checked"
    FAILED = "failed"
    UNDECIDED = "undecided"  # another check failed first


@dataclass(frozen=True)
class Line:
    """One check. `detail` is a remark, the reason for leaving it out, or how it failed."""

    number: int
    name: str
    outcome: Outcome
    detail: str

    def as_json(self) -> dict[str, object]:
        """The line for programs."""
        outcome = str(self.outcome).replace(" ", "_")
        return {"number": self.number, "name": self.name, "outcome": outcome, "detail": self.detail}


def of_evidence(evidence: VerifiedEvidence) -> list[Line]:
    """The checks behind evidence that holds."""
    return [_line(number, check) for number, check in enumerate(evidence.checks, start=1)]


def of_refusal(problem: HmctlError) -> list[Line]:
    """All checks when one of them failed or could not be made."""
    names = list(_ALL)
    if problem.check and problem.check not in names:
        names.insert(0, problem.check)
    return [
        Line(number, name, Outcome.FAILED, problem.message)
        if name == problem.check
        else Line(number, name, Outcome.UNDECIDED, _ENDED)
        for number, name in enumerate(names, start=1)
    ]


def _line(number: int, check: CheckResult) -> Line:
    outcome = Outcome.VERIFIED if check.outcome is KernelOutcome.VERIFIED else Outcome.NOT_CHECKED
    return Line(number, check.name, outcome, check.detail)
