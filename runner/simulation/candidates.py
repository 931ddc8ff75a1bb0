"""A candidate as the simulated query feels it: what decides about its reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from runner.bridge.sessions import Candidate
from runner.scopefn.answers import View
from runner.scopefn.client import ScopeFunction
from runner.stages.context import RunContext


class CandidateRefused(Exception):
    """The candidate cannot be tried out; the text is for the scope agent."""


@contextmanager
def opened(_ctx: RunContext, candidate: Candidate) -> Iterator[View]:
    """The candidate in a process of its own. Raises ScopeFnInvalid, CandidateRefused, ScopeSandboxUnavailable."""
    if candidate.row_policies is not None:
        raise CandidateRefused("this service knows no row policies")
    with ScopeFunction.start(candidate.scope_fn_source) as function:
        yield function
