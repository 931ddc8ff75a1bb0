"""Demands on the hardware: firmware state, known weaknesses, age of the maker's data."""

from dataclasses import dataclass, field

from attestation.evidence.errors import DebugMachine
from attestation.evidence.platform import TcbStatus, VerifiedQuote
from attestation.policy.errors import (
    AdvisoryRefused,
    DevelopmentRefused,
    EvaluationNumberTooLow,
    PolicyEmpty,
    TcbStatusRefused,
)


@dataclass(frozen=True, kw_only=True)
class TcbPolicy:
    """Accepts a machine in one of the given states.

    `minimum_evaluation_number` is the oldest acceptable edition of the maker's data (0: any). Debugged
    machines are always refused; evidence under a development root unless `allow_development` is set.
    """

    allowed_statuses: frozenset[TcbStatus]
    minimum_evaluation_number: int
    refused_advisories: frozenset[str] = field(default=frozenset())
    allow_development: bool = False

    def verify(self, value: VerifiedQuote) -> None:
        """Raises the class of its reason, PolicyEmpty when no state is allowed."""
        if not self.allowed_statuses:
            raise PolicyEmpty
        if value.body.debug:
            raise DebugMachine
        if value.development and not self.allow_development:
            raise DevelopmentRefused
        if value.tcb_status not in self.allowed_statuses:
            raise TcbStatusRefused(value.tcb_status.value, value.advisory_ids)
        if value.evaluation_number < self.minimum_evaluation_number:
            raise EvaluationNumberTooLow
        refused = [advisory for advisory in value.advisory_ids if advisory in self.refused_advisories]
        if refused:
            raise AdvisoryRefused(refused)
