"""Trying out a scope function for the agent that writes it.

The caller has checked that the asker is a scope stage, which may read everything, so denials carry the
full detail.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.scopefn.answers import Allowed, Denied
from runner.scopefn.client import ScopeFunction
from runner.scopefn.errors import ScopeFnInvalid
from runner.scopefn.limits import ScopeLimits

MAX_TESTS = 200
TOTAL_SECONDS = 60.0
SHOWN_SQL_CHARS = 200
PREVIEW_ROWS = 3


class VerifyRequestInvalid(Exception):
    """The request has not the agreed shape; ``location`` is the path to the field that is wrong."""

    def __init__(self, location: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.location = location
        self.message = message


@dataclass(frozen=True, slots=True)
class Case:
    """One test: a reading as an agent might cause it, and what the author expects of it."""

    sql: str
    params: list[Any] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    expect_allow: bool | None = None
    expect_min_rows: int | None = None
    expect_rows: list[dict[str, Any]] | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A source and the tests to run against it."""

    source: str
    cases: list[Case]


def answer(request: Mapping[str, Any], *, limits: ScopeLimits | None = None) -> dict[str, Any]:
    """Answer a verify_scope_fn request (wire shapes in and out).

    Raises VerifyRequestInvalid for a malformed request, ScopeSandboxUnavailable where nothing can be run
    safely.
    """
    parsed = parse_request(request)
    try:
        function = ScopeFunction.start(parsed.source, limits=limits)
    except ScopeFnInvalid as invalid:
        return {
            "compiles": False,
            "compile_error": invalid.reason,
            "all_tests_passed": False,
            "results": [],
        }
    ends_at = time.monotonic() + TOTAL_SECONDS
    with function:
        results = [_run(function, case, ends_at) for case in parsed.cases]
    return {
        "compiles": True,
        "compile_error": None,
        "all_tests_passed": all(result["passed"] is not False for result in results),
        "results": results,
    }


def parse_request(request: Mapping[str, Any]) -> Request:
    """Check the shape of a request; unknown keys are ignored. Raises VerifyRequestInvalid."""
    source = _typed(request, "source", str, ("source",))
    tests = _typed(request, "tests", list, ("tests",), default=[])
    if len(tests) > MAX_TESTS:
        raise VerifyRequestInvalid(("tests",), f"at most {MAX_TESTS} tests")
    return Request(source=source, cases=[_parse_case(test, index) for index, test in enumerate(tests)])


def _parse_case(test: Any, index: int) -> Case:
    at: tuple[str | int, ...] = ("tests", index)
    if not isinstance(test, Mapping):
        raise VerifyRequestInvalid(at, "must be an object")
    return Case(
        sql=_typed(test, "sql", str, (*at, "sql")),
        params=_typed(test, "params", list, (*at, "params"), default=[]),
        rows=_objects(test, "rows", at) or [],
        expect_allow=_typed(test, "expect_allow", bool, (*at, "expect_allow"), default=None),
        expect_min_rows=_typed(test, "expect_min_rows", int, (*at, "expect_min_rows"), default=None),
        expect_rows=_objects(test, "expect_rows", at),
        label=_typed(test, "label", str, (*at, "label"), default=""),
    )


_REQUIRED = object()


def _typed(
    holder: Mapping[str, Any], name: str, kind: type, at: tuple[str | int, ...], *, default: Any = _REQUIRED
) -> Any:
    value = holder.get(name)
    if value is None:
        if default is _REQUIRED:
            raise VerifyRequestInvalid(at, "field required")
        return default
    if not isinstance(value, kind):
        raise VerifyRequestInvalid(at, f"must be of type {kind.__name__}")
    return value


def _objects(test: Mapping[str, Any], name: str, at: tuple[str | int, ...]) -> list[dict[str, Any]] | None:
    rows = _typed(test, name, list, (*at, name), default=None)
    for index, row in enumerate(rows or []):
        if not isinstance(row, dict):
            raise VerifyRequestInvalid((*at, name, index), "must be an object")
    return rows if rows is None else list(rows)


def _run(function: ScopeFunction, case: Case, ends_at: float) -> dict[str, Any]:
    if time.monotonic() > ends_at:
        answer: Allowed | Denied = Denied("not run: the tests took too long together")
    else:
        answer = function.apply_dicts(sql=case.sql, params=case.params, rows=case.rows)
    rows = _rows_of(answer)
    allowed = isinstance(answer, Allowed)
    return {
        "label": case.label,
        "sql": case.sql[:SHOWN_SQL_CHARS],
        "allow": allowed,
        "error": None if isinstance(answer, Allowed) else answer.detail or answer.reason,
        "rows_returned": answer.row_count if isinstance(answer, Allowed) else 0,
        "expected_allow": case.expect_allow,
        "expected_min_rows": case.expect_min_rows,
        "expected_rows": case.expect_rows,
        "rows_preview": rows[:PREVIEW_ROWS],
        "passed": _passed(case, answer, rows),
    }


def _rows_of(answer: Allowed | Denied) -> list[Any]:
    if isinstance(answer, Denied):
        return []
    try:
        value = json.loads(answer.json_text)
    except (ValueError, RecursionError):  # a function that broke out can send any text
        return []
    rows = value.get("rows") if isinstance(value, dict) else value
    return rows if isinstance(rows, list) else []


def _passed(case: Case, answer: Allowed | Denied, rows: list[Any]) -> bool | None:
    """Whether every stated expectation is met; None when nothing was expected."""
    checks: list[bool] = []
    if case.expect_allow is not None:
        checks.append(isinstance(answer, Allowed) is case.expect_allow)
    if case.expect_min_rows is not None:
        checks.append(isinstance(answer, Allowed) and answer.row_count >= case.expect_min_rows)
    if case.expect_rows is not None:
        checks.append(isinstance(answer, Allowed) and all(row in rows for row in case.expect_rows))
    return all(checks) if checks else None
