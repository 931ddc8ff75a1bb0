"""Deciding about a proposal: it must be possible, pass its tests, hold no data, and do something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hivemind_agent import Bridge
from hivemind_agent.texts import clipped, last_object_with
from leaks import Seen
from probes import probes
from proposals import Proposal

MOST_POLICY_CHARS = 60_000
MOST_SCHEMA_CHARS = 12_000
REVIEW_TOKENS = 2048
# How a denial begins that the function did not mean: it raised, or broke a limit.
FAILURES = ("scope function failed", "the scope function was stopped")


class Checker:
    """Checks proposals for one room. ``schema`` are the columns of its tables."""

    def __init__(self, bridge: Bridge, policy: str, schema: list[dict[str, Any]], *, vault: bool) -> None:
        self._bridge = bridge
        self._policy = policy
        self._schema = schema
        self._probes = probes(schema, vault=vault)

    def problem_with(self, proposal: Proposal, seen: Seen) -> str:
        """What the model has to change, or nothing. Raises what the bridge raises."""
        leak = (seen.leak_in(proposal.source) if proposal.source else "") or seen.leak_in_policies(proposal.policies)
        if leak:
            return f"Others can read what you write, and {leak}. Write conditions that come from the policy."
        problem, narrowed = self._try_policies(proposal)
        if not problem and proposal.source is not None:
            problem, held_back = self._try_function(proposal, proposal.source)
            narrowed = narrowed or held_back
        return problem or ("" if narrowed else self._review(proposal))

    def _try_policies(self, proposal: Proposal) -> tuple[str, bool]:
        """What is wrong with the row policies, and whether they hide anything."""
        if proposal.policies is None:
            return "", False
        verdict = self._bridge.verify_row_policies(proposal.policies)
        if verdict.get("valid") is not True:
            return f"The row policies are refused: {verdict.get('error')}", False
        return "", narrows(proposal.policies, verdict.get("tables") or {}, self._schema)

    def _try_function(self, proposal: Proposal, source: str) -> tuple[str, bool]:
        """What is wrong with the function, and whether it held anything back."""
        tests = [*proposal.tests, *self._probes]
        verdict = self._bridge.verify_scope_fn(source, tests)
        if verdict.get("compiles") is not True:
            return f"The function is refused: {verdict.get('compile_error')}", False
        results = verdict.get("results") or []
        failures = {str(r.get("error")) for r in results if str(r.get("error") or "").startswith(FAILURES)}
        if failures:
            return f"The function does not work: {clipped('; '.join(sorted(failures)), 1000)}", False
        if verdict.get("all_tests_passed") is not True or len(results) != len(tests):
            return f"Tests failed: {clipped(str([r for r in results if r.get('passed') is False]), 3000)}", False
        return "", any(_held_back(test, result) for test, result in zip(tests, results))  # noqa: B905 - Python 3.9

    def _review(self, proposal: Proposal) -> str:
        """A second opinion on what changed nothing, by one who has not seen the question."""
        columns = sorted({f"{row.get('table_name')}.{row.get('column_name')}" for row in self._schema})
        texts = (
            f"POLICY\n{clipped(self._policy, MOST_POLICY_CHARS)}",
            f"COLUMNS\n{clipped(', '.join(columns), MOST_SCHEMA_CHARS)}",
            f"FILTER\n{proposal.source or '(none)'}",
            f"ROW POLICIES\n{json.dumps(proposal.policies)}",
        )
        messages = [
            {"role": "system", "content": Path(__file__).with_name("review.md").read_text(encoding="utf-8")},
            {"role": "user", "content": "\n\n".join(texts)},
        ]
        text = self._bridge.complete(messages, max_tokens=REVIEW_TOKENS, temperature=0).text
        verdict = last_object_with(text, "approve") or {}
        if verdict.get("approve") is True:
            return ""
        reason = str(verdict.get("reason") or "the policy restricts something")[:500]
        return f"What you wrote changed nothing in any result that was tried, and a review refused that: {reason}"


def narrows(policies: dict[str, Any], tables: dict[str, Any], schema: list[dict[str, Any]]) -> bool:
    """Whether row policies hide a table, a column, a row or a value."""
    columns: dict[str, set[str]] = {}
    for row in schema:
        columns.setdefault(str(row.get("table_name")), set()).add(str(row.get("column_name")))
    for name, all_of_them in columns.items():
        seen = tables.get(name)
        if not isinstance(seen, dict) or set(seen.get("columns") or ()) < all_of_them:
            return True
        if seen.get("rows_visible") != seen.get("rows_total"):
            return True
    return any(isinstance(policy, dict) and policy.get("masks") for policy in policies.values())


def _held_back(test: dict[str, Any], result: dict[str, Any]) -> bool:
    """Whether the function denied, dropped or changed something in this test."""
    rows = test.get("rows") or []
    if not rows:
        return result.get("allow") is False
    shown = result.get("rows_preview") or []
    return result.get("allow") is not True or result.get("rows_returned") != len(rows) or shown != rows[: len(shown)]
