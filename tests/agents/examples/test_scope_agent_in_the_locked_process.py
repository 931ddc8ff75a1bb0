"""The scope agent's function where it will really run: verified and applied by the runner's own locked process."""

import json
from typing import Any

from runner.scopefn import verify
from runner.scopefn.answers import Allowed, Denied
from runner.scopefn.client import ScopeFunction
from tests.agents.examples.bridge import EXAMPLES, FakeBridge, run_agent, serving

_SCHEMA = [
    {"table_name": "watch_history", "column_name": name, "data_type": "text"}
    for name in ("id", "viewer_email", "title", "category", "watched_at", "seconds")
]
_RULES = "# Rules\n\nBob may learn totals.\n\n- max rows: 5\n- deny columns: id, viewer_email, title\n"


def test_the_function_passes_the_runners_own_check_and_keeps_its_limits() -> None:
    tests: list[dict[str, Any]] = []

    def check(body: dict[str, Any]) -> dict[str, Any]:
        tests.extend(body["tests"])
        return verify.answer(body)

    with serving(FakeBridge({"get_schema": lambda _: _SCHEMA}, verify=check)) as bridge:
        done = run_agent(EXAMPLES / "row-limit-scope", bridge, POLICY_CONTEXT=_RULES)
    assert done.returncode == 0, done.stderr
    assert len(tests) >= 6
    with ScopeFunction.start(json.loads(done.stdout)["scope_fn"]) as scope:
        sql = "SELECT category, count(*) AS n FROM watch_history GROUP BY category"
        rows = [{"category": f"c{number}", "n": number} for number in range(20)]
        allowed = scope.apply_dicts(sql=sql, params=[], rows=rows)
        assert isinstance(allowed, Allowed)
        assert json.loads(allowed.json_text) == rows[5:10]
        hidden = "SELECT title, count(*) AS n FROM watch_history GROUP BY title"
        refused = scope.apply_dicts(sql=hidden, params=[], rows=rows)
        assert isinstance(refused, Denied)
        assert refused.reason == "the room's rules hide the column title"
