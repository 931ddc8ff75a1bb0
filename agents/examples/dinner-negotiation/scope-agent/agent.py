"""Alice's scope agent: always the same filter, checked where it will run before it is printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hivemind_agent import AgentError, Bridge

ASKED = "SELECT start_time, end_time, status FROM calendar ORDER BY start_time"
FREE = {"start_time": "2030-01-04T18:00", "end_time": "2030-01-04T21:00", "status": "free"}
BUSY = {"start_time": "2030-01-05T18:00", "end_time": "2030-01-05T21:00", "status": "busy"}
SHOWN = {"start_time": "2030-01-04T18:00", "end_time": "2030-01-04T21:00"}
TESTS = [
    {"label": "free slots come through", "sql": ASKED, "rows": [FREE, BUSY], "expect_rows": [SHOWN]},
    {"label": "a star does not", "sql": "SELECT * FROM calendar", "rows": [FREE], "expect_allow": False},
    {"label": "an alias does not", "sql": f"{ASKED}, title AS status", "rows": [FREE], "expect_allow": False},
    {"label": "a count does not", "sql": "SELECT count(*) FROM calendar", "rows": [{"n": 1}], "expect_allow": False},
    {
        "label": "another table does not",
        "sql": "SELECT text FROM notes",
        "rows": [{"text": "x"}],
        "expect_allow": False,
    },
]


def main() -> int:
    """Print the filter. Without the check there is none, and the run fails."""
    source = Path(__file__).with_name("filter.py").read_text(encoding="utf-8")
    try:
        verdict = Bridge.from_environment().verify_scope_fn(source, TESTS)
    except AgentError as problem:
        print(f"No filter: {problem}", file=sys.stderr)
        return 1
    if not (verdict["compiles"] and verdict["all_tests_passed"]):
        print(f"The filter did not pass: {verdict.get('compile_error')}", file=sys.stderr)
        return 1
    print(json.dumps({"scope_fn": source}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
