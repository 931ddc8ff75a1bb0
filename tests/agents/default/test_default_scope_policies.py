"""The default scope agent with row policies: tried on the room's tables first, and held to the same checks."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from runner.rowpolicies import policies, views
from runner.rowpolicies.errors import PoliciesInvalid
from tests.agents.default.scripted import AGENTS, SCHEMA, call, say, schema_tool, sql_tool, stage

AGENT = AGENTS / "default-scope"
POLICY = {"POLICY_CONTEXT": "Never show salaries. Only team alpha.", "QUERY_PROMPT": "Who?", "QUERY_AGENT_ID": "abc"}
GOOD = {"people": {"columns": ["name", "team"], "where": "team = 'alpha'"}}
OPEN = {"people": {"columns": "*"}}
PASS_THROUGH = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}\n"
ROWS_OF_ALPHA = (
    "def scope(sql, params, rows):\n"
    "    if 'salary' in sql.lower() or '*' in sql:\n"
    "        return {'allow': bool([]), 'rows': [], 'error': 'no salaries'}\n"
    "    return {'allow': True, 'rows': [row for row in rows if row.get('team') == 'alpha']}\n"
)
COLUMNS = [row["column_name"] for row in SCHEMA]


def verified(request: Mapping[str, Any]) -> dict[str, Any]:
    """What the service would say, without a database: the format's own readers, and made-up counts."""
    try:
        stated = policies.parse(request.get("row_policies"))
        views.build(stated, tables=("people",), schema_rows=SCHEMA)
    except PoliciesInvalid as error:
        return {"valid": False, "error": error.detail, "sha256": None, "tables": {}}
    tables = {}
    for table, policy in (request.get("row_policies") or {}).items():
        columns = COLUMNS if policy["columns"] == "*" else policy["columns"]
        tables[table] = {"columns": columns, "rows_visible": 1 if policy.get("where") else 2, "rows_total": 2}
    return {"valid": True, "error": None, "sha256": stated.sha256, "tables": tables}


def decided(*said: str, tools: Any = (), reads: bool = False, **inputs: str) -> dict[str, Any]:
    """What the agent prints when the model says this."""
    with stage("scope", tools=[schema_tool(), *tools], verify_policies=verified) as room:
        if reads:
            call(room.upstream, "execute_sql", {"sql": "SELECT * FROM people"})
        say(room.upstream, *said)
        done = room.run(AGENT, **(POLICY | inputs))
        assert done.returncode == 0, done.stderr
        assert "row policies" in room.prompts() or inputs
        return dict(json.loads(done.stdout))


def is_closed(printed: dict[str, Any]) -> bool:
    return printed["row_policies"] == {} and "nothing is shown" in printed["scope_fn"]


def test_policies_alone_are_printed_alone() -> None:
    assert decided(json.dumps({"row_policies": GOOD})) == {"row_policies": GOOD}


def test_policies_and_a_function_are_printed_together_and_the_policies_count_as_holding_back() -> None:
    printed = decided(json.dumps({"row_policies": GOOD, "scope_fn": PASS_THROUGH}))
    assert printed["row_policies"] == GOOD
    assert printed["scope_fn"].startswith("def scope")


@pytest.mark.parametrize(
    "bad",
    [
        {"people": {"columns": "*", "where": "salary < (SELECT 1)"}},
        {"people": {"columns": ["name"], "where": "pg_sleep(9) IS NULL"}},
        {"people": {"columns": ["name"], "masks": {"name": "reverse"}}},
        {"people": {"columns": ["name"], "where": "team = 'alpha'; DROP TABLE people"}},
        {"people": "all"},
        {"people": {}},
        "everything",
        7,
    ],
)
def test_policies_that_are_refused_go_back_and_then_leave_the_room_closed(bad: Any) -> None:
    said = json.dumps({"row_policies": bad, "scope_fn": PASS_THROUGH})
    assert is_closed(decided(said, said, said, said))
    assert decided(said, json.dumps({"row_policies": GOOD})) == {"row_policies": GOOD}


def test_policies_that_hide_nothing_need_a_second_opinion() -> None:
    said = json.dumps({"row_policies": OPEN})
    assert is_closed(decided(said, '{"approve": false}', said, "yes"))
    assert decided(said, '{"approve": true}') == {"row_policies": OPEN}


@pytest.mark.parametrize(
    "leaking",
    [
        {"people": {"columns": ["team"], "where": "name <> 'Dora Quill'"}},
        {"people": {"columns": ["team"], "where": "salary <> 81234"}},
        {"people": {"columns": ["name"], "masks": {"name": {"constant": "Dora Quill"}}}},
    ],
)
def test_data_copied_into_policies_is_never_printed(leaking: Any) -> None:
    said = json.dumps({"row_policies": leaking})
    assert is_closed(decided(said, said, tools=[sql_tool()], reads=True))


def test_a_room_that_requires_policies_is_given_no_function_alone() -> None:
    with stage("scope", tools=[schema_tool()], verify_policies=verified) as room:
        say(room.upstream, json.dumps({"scope_fn": ROWS_OF_ALPHA}), json.dumps({"row_policies": GOOD}))
        done = room.run(AGENT, HIVEMIND_SCOPE_REQUIRE_ROW_POLICIES="true", **POLICY)
        first, second = (json.dumps(seen.body["messages"]) for seen in room.upstream.seen)
    assert json.loads(done.stdout) == {"row_policies": GOOD}, done.stderr
    assert first.count("This room requires row policies") == 1
    assert second.count("This room requires row policies") == 2
    assert is_closed(
        decided(*[json.dumps({"scope_fn": ROWS_OF_ALPHA})] * 2, HIVEMIND_SCOPE_REQUIRE_ROW_POLICIES="true")
    )


def test_a_room_that_does_not_require_policies_is_told_nothing_of_it() -> None:
    with stage("scope", tools=[schema_tool()], verify_policies=verified) as room:
        say(room.upstream, json.dumps({"scope_fn": ROWS_OF_ALPHA}))
        printed = json.loads(room.run(AGENT, **POLICY).stdout)
        assert "row_policies" not in printed and "alpha" in printed["scope_fn"]
        assert "requires row policies" not in room.prompts()


def test_a_service_without_row_policies_is_given_none() -> None:
    with stage("scope", tools=[schema_tool()]) as room:
        both = json.dumps({"row_policies": GOOD, "scope_fn": PASS_THROUGH})
        say(room.upstream, both, both)
        assert is_closed(json.loads(room.run(AGENT, **POLICY).stdout))
        assert "This room also takes row policies" not in room.prompts()


def test_a_room_without_rules_masks_secrets_in_the_database_too() -> None:
    printed = decided(POLICY_CONTEXT="")
    assert printed["row_policies"] == OPEN
    assert "is_secret" in printed["scope_fn"]
