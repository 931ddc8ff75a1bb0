"""The JSON answers of the bridge."""

from __future__ import annotations

import json
from collections.abc import Iterable

from aiohttp import web

from runner.llm.problems import Problem

JSON_HEADERS = {"Content-Type": "application/json"}


def json_answer(value: object, *, status: int = 200) -> web.Response:
    """Any JSON value."""
    return encoded_answer(encoded(value), status=status)


def encoded(value: object) -> bytes:
    """A JSON value as it goes over the wire."""
    return json.dumps(value).encode("ascii")


def encoded_answer(body: bytes, *, status: int = 200) -> web.Response:
    """JSON that has been encoded already."""
    return web.Response(body=body, status=status, headers=JSON_HEADERS)


def detail(status: int, text: str, *, code: str | None = None) -> web.Response:
    """An error: `{"detail": text}`, with a stable code where there is one."""
    return json_answer({"detail": text} if code is None else {"detail": text, "code": code}, status=status)


def problems(found: Iterable[Problem]) -> web.Response:
    """What is wrong with a request body (422)."""
    return json_answer({"detail": [problem.as_dict() for problem in found]}, status=422)
