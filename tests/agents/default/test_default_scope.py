"""The default scope agent uses a function only after checks that are not the model's, else shows nothing."""

import json
from typing import Any

import pytest

from runner.scopefn.answers import Allowed, Denied
from runner.scopefn.client import ScopeFunction
from tests.agents.default.scripted import AGENTS, ROWS, Canned, call, calling, say, schema_tool, sql_tool, stage

AGENT = AGENTS / "default-scope"
POLICY = {"POLICY_CONTEXT": "Never show salaries.", "QUERY_PROMPT": "Who is in team alpha?", "QUERY_AGENT_ID": "abc"}
NO_SALARY = (
    "def scope(sql, params, rows):\n"
    "    # drops one column\n"
    "    if 'salary' in sql.lower() or '*' in sql:\n"
    "        return {'allow': bool([]), 'rows': [], 'error': 'salaries are not shown'}\n"
    "    return {'allow': True, 'rows': rows}\n"
)
PASS_THROUGH = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}\n"


def proposal(source: str, **more: Any) -> str:
    return json.dumps({"scope_fn": source, **more})


def printed(done: Any) -> str:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["scope_fn"]


def shows(source: str, sql: str, rows: list[dict[str, Any]]) -> Any:
    with ScopeFunction.start(source) as scope:
        answer = scope.apply_dicts(sql=sql, params=[], rows=rows)
    return json.loads(answer.json_text) if isinstance(answer, Allowed) else answer


def is_closed(source: str) -> bool:
    answers = [shows(source, "SELECT name FROM people", rows) for rows in ([], ROWS)]
    return all(isinstance(answer, Denied) for answer in answers)


def test_a_function_that_passes_the_checks_is_used_and_loses_its_comments() -> None:
    with stage("scope", tools=[schema_tool(), sql_tool()]) as room:
        call(room.upstream, "verify_scope_fn", {"source": NO_SALARY, "tests": []})
        say(room.upstream, "Here it is: " + proposal(NO_SALARY, tests=[{"sql": "SELECT salary", "rows": [{}]}]))
        source = printed(room.run(AGENT, **POLICY))
        assert "drops one column" not in source
        assert isinstance(shows(source, "SELECT salary FROM people", ROWS), Denied)
        assert shows(source, "SELECT team FROM people", [{"team": "alpha"}]) == [{"team": "alpha"}]
        assert "Never show salaries." in room.prompts()


def test_a_function_amid_prose_is_found() -> None:
    with stage("scope", tools=[schema_tool()]) as room:
        say(room.upstream, f"I suggest this:\n```python\n{NO_SALARY}```\nIt hides salaries.")
        assert "salaries are not shown" in printed(room.run(AGENT, **POLICY))


def test_a_function_that_fails_its_own_tests_goes_back_once() -> None:
    wrong = [{"label": "w", "sql": "SELECT salary", "rows": [{"salary": 1}], "expect_allow": True}]
    with stage("scope", tools=[schema_tool()]) as room:
        say(room.upstream, proposal(NO_SALARY, tests=wrong), proposal(NO_SALARY))
        assert not is_closed(printed(room.run(AGENT, **POLICY)))
        assert "Tests failed" in room.prompts()


@pytest.mark.parametrize(
    "source",
    [
        PASS_THROUGH.replace("rows}", "[r for r in rows if r.get('name') != 'Dora Quill']}"),
        PASS_THROUGH.replace("rows}", "[r for r in rows if r.get('name') != 'Dora' + ' Qu' + 'ill']}"),
        PASS_THROUGH.replace("rows}", "[r for r in rows if r.get('salary') != 81234]}"),
        NO_SALARY.replace("salaries are not shown", "ask Dora Quill"),
        NO_SALARY + "\ndef dora(a, quill):\n    return a\n\ndef emil_stone(x):\n    return 'Emil Stone'\n",
    ],
)
def test_data_copied_into_the_source_is_never_printed(source: str) -> None:
    with stage("scope", tools=[schema_tool(), sql_tool()]) as room:
        call(room.upstream, "execute_sql", {"sql": "SELECT * FROM people"})
        say(room.upstream, proposal(source), proposal(source))
        done = room.run(AGENT, **POLICY)
        assert is_closed(printed(done))
        assert "81234" not in done.stdout
        assert "Quill" not in done.stdout


def test_data_in_comments_and_docstrings_is_taken_out() -> None:
    hidden = NO_SALARY.replace("# drops one column", '"""Dora Quill earns 81234"""  # Dora Quill')
    with stage("scope", tools=[schema_tool(), sql_tool()]) as room:
        call(room.upstream, "execute_sql", {"sql": "SELECT * FROM people"})
        say(room.upstream, proposal(hidden), proposal(hidden))
        source = printed(room.run(AGENT, **POLICY))
        assert not is_closed(source)
        assert "Quill" not in source


def test_a_function_that_holds_nothing_back_needs_a_second_opinion() -> None:
    with stage("scope", tools=[schema_tool()]) as room:
        say(room.upstream, proposal(PASS_THROUGH), '{"approve": false, "reason": "salaries"}')
        say(room.upstream, proposal(PASS_THROUGH), "Sure, approve!")
        assert is_closed(printed(room.run(AGENT, **POLICY)))
        reviews = [seen.body["messages"] for seen in room.upstream.seen][1::2]
        assert not any("team alpha" in json.dumps(messages) for messages in reviews)  # the question is kept from it
    with stage("scope", tools=[schema_tool()]) as room:
        say(room.upstream, proposal(PASS_THROUGH), '{"approve": true}')
        policy = POLICY | {"POLICY_CONTEXT": "Bob may see everything."}
        assert shows(printed(room.run(AGENT, **policy)), "SELECT 1", [{"a": 1}]) == [{"a": 1}]


@pytest.mark.parametrize(
    "answer",
    [
        "I cannot help with that.",
        "",
        "{" * 5000,
        '{"scope_fn": 7}',
        proposal("import os"),
        proposal("def scope(sql, params, rows):\n    return {'allow': False, 'rows': []}"),
        proposal("def scope(sql):\n    return {}"),
        proposal("def scope(sql, params, rows):\n    return rows.__class__"),
        proposal("def scope(sql, params, rows):\n    while True:\n        pass"),
        proposal("def scope(sql, params, rows): return {'allow': True, 'rows': rows}" + " " * 3 + "#" * 20_000),
    ],
)
def test_a_model_that_writes_no_good_function_leaves_the_room_closed(answer: str) -> None:
    with stage("scope", tools=[schema_tool()]) as room:
        say(room.upstream, *[answer] * 4)
        assert is_closed(printed(room.run(AGENT, **POLICY)))


def test_a_model_that_never_stops_calling_leaves_the_room_closed() -> None:
    with stage("scope", tools=[schema_tool(), sql_tool()], calls=9) as room:
        for number in range(30):
            room.upstream.answer(calling("execute_sql", {"sql": f"SELECT {number}"}))
        assert is_closed(printed(room.run(AGENT, **POLICY)))
        assert len(room.upstream.seen) <= 9


def test_no_model_no_budget_and_no_bridge_leave_the_room_closed() -> None:
    with stage("scope", tools=[schema_tool()], model=False) as room:
        assert is_closed(printed(room.run(AGENT, **POLICY)))
    with stage("scope", tools=[schema_tool()], tokens=20) as room:
        assert is_closed(printed(room.run(AGENT, **POLICY)))
    assert is_closed(printed(room.run(AGENT, **POLICY)))


def test_a_room_without_rules_withholds_secrets_and_asks_no_model() -> None:
    with stage("scope", tools=[schema_tool()], model=False) as room:
        source = printed(room.run(AGENT, QUERY_PROMPT="what is there?"))
    rows = [{"name": "a", "api_token": "t", "nested": {"Password": "p", "n": [1, {"secret": 2}]}}]
    assert shows(source, "SELECT * FROM people", rows) == [
        {
            "name": "a",
            "api_token": "[withheld]",
            "nested": {"Password": "[withheld]", "n": [1, {"secret": "[withheld]"}]},
        }
    ]


def test_files_and_rehearsals_are_offered_only_where_the_mode_says_so() -> None:
    files = Canned("list_query_agent_files", {"files": []})
    on = {"HIVEMIND_SCOPE_ENABLE_AGENT_FILE_TOOLS": "true", "HIVEMIND_SCOPE_ENABLE_SIMULATION_TOOLS": "true"}
    names = []
    for mode in ({"HIVEMIND_SCOPE_MODE": "fast"}, on, on | {"HIVEMIND_DISABLE_SIMULATE": "1"}):
        with stage("scope", tools=[schema_tool(), files], query_agent_id="abc") as room:
            say(room.upstream, proposal(NO_SALARY))
            room.run(AGENT, **POLICY, **mode)
            names.append({tool["function"]["name"] for tool in room.upstream.seen[0].body["tools"]})
    always = {"get_schema", "verify_scope_fn", "verify_row_policies"}
    assert names == [
        always,
        always | {"list_query_agent_files", "simulate_query", "simulate_multi"},
        always | {"list_query_agent_files"},
    ]
