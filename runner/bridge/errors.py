"""Refusals of the bridge and how every error is answered."""

from __future__ import annotations

import logging
import traceback

from aiohttp import web

from runner.bridge import answers
from runner.bridge.budget import BudgetExhausted
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


def answer_for(error: Exception) -> web.Response:
    """The answer for an error, without a word of it where it may hold the agent's or anybody's text."""
    match error:
        case Refused():
            answer = answers.detail(error.status, error.detail)
            if error.closes:
                answer.force_close()
            return answer
        case RequestInvalid():
            return answers.problems(error.problems)
        case BudgetExhausted():
            return answers.detail(429, str(error), code="budget_exhausted")
        case UpstreamError():
            note_upstream(error)
            return answers.detail(500, "The model service gave no answer", code=error.code)
        case web.HTTPException():
            return answers.detail(error.status, error.reason)
        case _:
            note_unexpected(error)
            return answers.detail(500, "Internal Server Error", code="internal_error")


def note_upstream(error: UpstreamError) -> None:
    """Log that a model call failed: its code and status only."""
    log.warning("model call failed: code=%s status=%s", error.code, error.status)


def note_unexpected(error: BaseException) -> None:
    """Log where an error was raised and its type; its text may hold somebody's data."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    log.error("request failed: type=%s at=%s", type(error).__name__, places)
