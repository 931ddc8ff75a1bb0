"""A candidate as the simulated query feels it: what decides about its reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from runner.bridge.sessions import Candidate
from runner.rowpolicies import decision
from runner.rowpolicies.errors import PoliciesInvalid
from runner.scope_output import ScopeOutput
from runner.stages import sight
from runner.stages.context import RunContext
from runner.stages.sight import Sight


class CandidateRefused(Exception):
    """The candidate cannot be tried out; the text is for the scope agent."""


@contextmanager
def opened(ctx: RunContext, candidate: Candidate) -> Iterator[Sight]:
    """What the query stage would see if the scope stage ended with this.

    Raises ScopeFnInvalid, CandidateRefused, ScopeSandboxUnavailable, DatabaseBusy and ReaderNotConfined.
    """
    printed = ScopeOutput(candidate.scope_fn_source or None, candidate.row_policies)
    try:
        decided = decision.of(printed, policies_required=ctx.terms.require_row_policies)
        with sight.decided(ctx, decided) as seen:
            yield seen
    except PoliciesInvalid as error:
        raise CandidateRefused(error.detail) from error
