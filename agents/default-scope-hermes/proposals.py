"""Reading what the model proposes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hivemind_agent.texts import find_function, last_object_with
from leaks import stripped

MOST_SOURCE_CHARS = 10_000
MOST_TESTS = 20


@dataclass(frozen=True)
class Proposal:
    """What will be printed: a scope function, row policies, or both; and the model's own tests of the function."""

    source: str | None
    tests: list[dict[str, Any]] = field(default_factory=list)
    policies: dict[str, Any] | None = None

    def printed(self) -> dict[str, Any]:
        """The object that a scope agent prints."""
        both = {"scope_fn": self.source, "row_policies": self.policies}
        return {name: value for name, value in both.items() if value is not None}


class NoProposal(Exception):
    """The model's text holds no function; the message is for the model."""


def read_proposal(text: str, *, takes_policies: bool) -> Proposal:
    """The proposal in the model's text: the last JSON object with `scope_fn` or `row_policies`, else a `def scope` amid
    prose. ``takes_policies`` says whether the room's service knows row policies. Raises NoProposal.
    """
    said = last_object_with(text, "scope_fn", "row_policies") or {}
    source, policies = said.get("scope_fn"), said.get("row_policies")
    if policies is not None and not (takes_policies and isinstance(policies, dict)):
        raise NoProposal("row_policies are not possible here, or were no object; put everything into scope_fn.")
    if not isinstance(source, str) or not source.strip():
        source = find_function(text, "scope") if policies is None else None
    if source is None and policies is None:
        raise NoProposal("There was no JSON object with a scope_fn text in your reply.")
    return Proposal(None if source is None else _checked(source), _tests(said.get("tests")), policies)


def _checked(source: str) -> str:
    try:
        source = stripped(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise NoProposal(f"The source of scope_fn is not Python: {type(problem).__name__}: {problem}") from problem
    if len(source) > MOST_SOURCE_CHARS:
        raise NoProposal(f"The source of scope_fn is longer than {MOST_SOURCE_CHARS} characters.")
    return source


def _tests(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else []
    return [_test(test) for test in found if isinstance(test, dict) and isinstance(test.get("sql"), str)][:MOST_TESTS]


def _test(said: dict[str, Any]) -> dict[str, Any]:
    """The test's fields that have the right type; a wrong one would make the whole request invalid."""
    test: dict[str, Any] = {"sql": said["sql"], "rows": _rows(said.get("rows"))}
    if isinstance(said.get("params"), list):
        test["params"] = said["params"]
    if isinstance(said.get("expect_allow"), bool):
        test["expect_allow"] = said["expect_allow"]
    least = said.get("expect_min_rows")
    if isinstance(least, int) and not isinstance(least, bool) and least >= 0:
        test["expect_min_rows"] = least
    if isinstance(said.get("expect_rows"), list):
        test["expect_rows"] = _rows(said["expect_rows"])
    return test | {"label": str(said.get("label") or "")[:100]}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
