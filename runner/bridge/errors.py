"""Refusals of the bridge and what is answered for every error."""

from __future__ import annotations

import logging
import traceback

from aiohttp import web

from runner.bridge.budget import BudgetExhausted
from runner.bridge.faults import Fault
from runner.llm.errors import UpstreamError
from runner.llm.problems import RequestInvalid

log = logging.getLogger("runner.bridge")


class Refused(Exception):
    """A request that is answered with this status and text; `closes` ends the connection as well."""

    def __init__(self, status: int, detail: str, *, closes: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.closes = closes


class BridgeNotRunning(RuntimeError):
    """The bridge has not been started, or has been stopped."""


def fault_of(error: Exception) -> Fault:
    """What is answered for an error, without a word of it where it may hold the agent's or anybody's text."""
    match error:
        case Refused():
            return Fault(error.status, error.detail, closes=error.closes)
        case RequestInvalid():
            return Fault(422, error.problems)
        case BudgetExhausted():
            return Fault(429, str(error), code="budget_exhausted", final=True)
        case RecursionError():
            return Fault(422, "The request is nested too deeply")
        case UpstreamError():
            note_upstream(error)
            return Fault(500, "The model service gave no answer", code=error.code, final=not error.retryable)
        case web.HTTPException():
            return Fault(error.status, error.reason)
        case _:
            note_unexpected(error)
            return Fault(500, "Internal Server Error", code="internal_error")


def note_upstream(error: UpstreamError) -> None:
    """Log that a model call failed: its code and status only."""
    log.warning("model call failed: code=%s status=%s", error.code, error.status)


def note_unexpected(error: BaseException) -> None:
    """Log where an error was raised and its type; its text may hold somebody's data."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    log.error("request failed: type=%s at=%s", type(error).__name__, places)
