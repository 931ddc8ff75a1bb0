"""Row policies in a whole run: what the query agent can find out, what is signed, and what is left afterwards."""

import json
from typing import Any

import pytest

from runner.models import Run
from tenants.databases import session
from tests.agents.examples.bridge import EXAMPLES
from tests.factories import packages
from tests.factories.platform import Platform

pytestmark = pytest.mark.docker

CHEAP = {"sales": {"columns": ["id"], "where": "amount < 25"}}
FIRST = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows[:1]}"
QUESTION = "SELECT count(*) AS n, max(id) AS last FROM sales"


def states(policies: object, function: str | None = None) -> str:
    """A scope agent that prints this."""
    decided: dict[str, Any] = {"row_policies": policies}
    if function is not None:
        decided["scope_fn"] = function
    return f"print({json.dumps(decided)!r})"


def verifies(policies: object) -> str:
    """A scope agent that tries its policies out, and stops unless two of three rows are visible then."""
    return packages.CALL + (
        f"policies = {policies!r}\n"
        'found = call("/sandbox/verify_row_policies", {"row_policies": policies})\n'
        'assert found["valid"], found\n'
        'assert found["tables"]["sales"] == {"columns": ["id"], "rows_visible": 2, "rows_total": 3}, found\n'
        'bad = call("/sandbox/verify_row_policies", {"row_policies": {"secrets": {"columns": "*"}}})\n'
        'assert not bad["valid"] and "not one of the room" in bad["error"], bad\n'
        'print(json.dumps({"row_policies": policies}))\n'
    )


def test_aggregates_see_permitted_rows_only_and_the_record_says_so(platform: Platform) -> None:
    room = platform.room(scope=verifies(CHEAP), mediator=None, require_row_policies=True)
    body = platform.ask(room, QUESTION)

    assert json.loads(body["output"]) == [{"n": 2, "last": 2}], body["error"]
    assert body["scope_enforcement"] == ["row_policies"]
    record = body["attestation"]["body"]
    assert record["scope_enforcement"] == ["row_policies"]
    assert record["row_policies_sha256"] == body["row_policies_sha256"]
    hidden = platform.ask(room, "SELECT amount FROM sales")
    assert json.loads(hidden["output"]) == {"error": 'column "amount" does not exist'}
    around = platform.ask(room, "SELECT count(*) FROM public.sales")
    assert "error" in json.loads(around["output"])
    assert session.run_readers_left() == []


def test_the_example_turns_rules_into_policies(platform: Platform) -> None:
    example = (EXAMPLES / "row-policy-scope" / "agent.py").read_text(encoding="utf-8")
    rules = "Bob may see what was cheap.\n- show sales: id\n- only sales: amount < 25\n"
    room = platform.room(scope=example, mediator=None, require_row_policies=True, rules=rules)
    assert json.loads(platform.ask(room, QUESTION)["output"]) == [{"n": 2, "last": 2}]

    room = platform.room(scope=example, mediator=None, rules=rules.replace("only", "onyl"))
    assert platform.ask(room, QUESTION)["outcome"] == "scope_agent_failed"


def test_a_function_still_filters_what_the_policies_let_through(platform: Platform) -> None:
    room = platform.room(scope=states(CHEAP, FIRST), mediator=None)
    body = platform.ask(room, "SELECT id FROM sales ORDER BY id")

    assert json.loads(body["output"]) == [{"id": 1}], body["error"]
    assert body["attestation"]["body"]["scope_enforcement"] == ["scope_fn", "row_policies"]


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (packages.ALLOW_ALL, "requires row policies"),
        (states({"sales": {"columns": ["id"], "where": "id = (SELECT 1)"}}), "table sales: its condition"),
        (states({"sales": {"columns": ["id"], "where": "id = 'canary-literal'"}}), "does not fit its columns"),
        (states({"secrets": {"columns": "*"}}), "not one of the room's tables"),
        (states([]), "must be an object"),
    ],
    ids=["none", "a subquery", "types that don't fit", "another table", "another shape"],
)
def test_policies_that_cannot_be_in_force_fail_the_run(platform: Platform, scope: str, words: str) -> None:
    room = platform.room(scope=scope, mediator=None, require_row_policies=True)
    body = platform.ask(room, QUESTION)

    assert (body["status"], body["outcome"]) == ("failed", "scope_agent_failed")
    assert words in body["error"]
    assert "canary" not in body["error"]
    assert body["scope_enforcement"] == [] and "scope_enforcement" not in body["attestation"]["body"]
    assert session.run_readers_left() == []


def test_without_a_demand_a_function_alone_is_enough_and_named(platform: Platform) -> None:
    body = platform.ask(platform.room(mediator=None), QUESTION)

    assert json.loads(body["output"]) == [{"n": 3, "last": 3}]
    assert body["attestation"]["body"]["scope_enforcement"] == ["scope_fn"]
    assert Run.objects.get(pk=body["run_id"]).row_policies_sha256 == ""
