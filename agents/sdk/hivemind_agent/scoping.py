"""What only a scope agent may ask for: checking its function, rehearsing it, reading the query agent's source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ._connection import Connection

MOST_CANDIDATES = 3


@dataclass(frozen=True)
class Rehearsal:
    """What the query agent would have answered under a function, or why it could not be found out.

    ``tape`` replays the model's answers of this rehearsal in a later one; None where the service kept none.
    """

    output: str
    error: str = ""
    tape: list[Any] | None = field(default=None, repr=False)


class ScopeCalls:
    """The part of the bridge that exists for scope agents only."""

    _connection: Connection

    def verify_scope_fn(self, source: str, tests: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """Check a scope function where it will run: ``compiles``, ``compile_error``, ``all_tests_passed``,
        ``results``. Each test is ``{sql, params, rows, expect_allow, expect_rows, expect_min_rows, label}``.
        """
        body = {"source": source, "tests": [dict(test) for test in tests]}
        return dict(self._connection.request("POST", "/sandbox/verify_scope_fn", body))

    def verify_row_policies(self, row_policies: Mapping[str, Any]) -> dict[str, Any]:
        """Check row policies on the room's own tables: ``valid``, ``error``, and in ``tables`` what would be visible:
        ``columns``, ``rows_visible``, ``rows_total``. Raises BridgeRefused, 404 where a service knows none.
        """
        return dict(self._connection.request("POST", "/sandbox/verify_row_policies", {"row_policies": row_policies}))

    def simulate(
        self,
        query_agent_id: str,
        prompt: str,
        source: str,
        *,
        row_policies: Mapping[str, Any] | None = None,
        replay_tape: Sequence[Any] | None = None,
    ) -> Rehearsal:
        """Run the query agent once under the function ``source``, and under row policies where they are given.

        It costs this stage's budget. Raises BudgetExhausted, and BridgeRefused when the rehearsal failed.
        """
        body: dict[str, Any] = {"query_agent_id": query_agent_id, "prompt": prompt, "scope_fn_source": source}
        if row_policies is not None:
            body["row_policies"] = dict(row_policies)
        if replay_tape is not None:
            body["replay_tape"] = list(replay_tape)
        answer = self._connection.request("POST", "/sandbox/simulate", body)
        return Rehearsal(str(answer.get("output") or ""), tape=answer.get("tape"))

    def simulate_batch(self, query_agent_id: str, prompt: str, candidates: Sequence[str]) -> list[Rehearsal]:
        """Run the query agent once under each of up to three functions, at the same time; answers in their order."""
        body = {"query_agent_id": query_agent_id, "prompt": prompt, "candidates": list(candidates)[:MOST_CANDIDATES]}
        answer = self._connection.request("POST", "/sandbox/simulate_batch", body)
        results = sorted(answer.get("results", []), key=lambda item: int(item.get("idx", 0)))
        return [Rehearsal(str(item.get("output") or ""), str(item.get("error") or "")) for item in results]

    def query_agent_files(self, query_agent_id: str) -> list[dict[str, Any]]:
        """Path, size and attestability of each file of the query agent."""
        answer = self._connection.request("GET", f"/sandbox/agents/{quote(query_agent_id, safe='')}/files")
        return list(answer.get("files", []))

    def query_agent_file(self, query_agent_id: str, path: str) -> str:
        """The text of one file. Raises BridgeRefused: 403 where the source is sealed, 404 where there is none."""
        place = f"/sandbox/agents/{quote(query_agent_id, safe='')}/files/{quote(path)}"
        return str(self._connection.request("GET", place).get("content") or "")
