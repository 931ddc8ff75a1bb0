"""How a refused request is answered: `{"detail": …}`, and on the paths of model SDKs also in the shape they read.

SDKs find `error.type` and `error.message` there, and do not send a request again that can only be refused again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from runner.bridge import answers
from runner.llm.problems import Problem

SDK_PATHS = "/v1/"
NO_RETRY = {"x-should-retry": "false"}

# The words of the Anthropic shape; clients of the OpenAI shape only show them.
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}


@dataclass(frozen=True)
class Fault:
    """What is answered: a status, a text or a list of problems, a stable code where there is one.

    `closes` ends the connection as well; `final` says that the same request would be refused again.
    """

    status: int
    detail: str | tuple[Problem, ...]
    code: str | None = None
    closes: bool = False
    final: bool = False

    @property
    def message(self) -> str:
        """The detail as one text."""
        return self.detail if isinstance(self.detail, str) else _sentence(self.detail)


def answer(fault: Fault, *, path: str) -> web.Response:
    """The answer to a request for `path`."""
    detail = fault.detail if isinstance(fault.detail, str) else [problem.as_dict() for problem in fault.detail]
    body: dict[str, Any] = {"detail": detail}
    if fault.code is not None:
        body["code"] = fault.code
    if path.startswith(SDK_PATHS):
        body |= {"type": "error", "error": _error(fault)}
    response = answers.json_answer(body, status=fault.status)
    if fault.final:
        response.headers.update(NO_RETRY)
    if fault.closes:
        response.force_close()
    return response


def _error(fault: Fault) -> dict[str, Any]:
    usual = "invalid_request_error" if fault.status < 500 else "api_error"
    kind = _TYPES.get(fault.status, usual)
    return {"type": kind, "message": fault.message, "code": fault.code, "param": None}


def _sentence(problems: Iterable[Problem]) -> str:
    return "; ".join(f"{'.'.join(str(step) for step in problem.loc)}: {problem.msg}" for problem in problems)
