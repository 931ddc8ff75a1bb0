"""Candidates with row policies: what Postgres would show the query agent, before anything is decided."""

import json

import pytest

from tenants.databases import session
from tests.factories.platform import Platform
from tests.runner.simulation import stages

pytestmark = pytest.mark.docker
CHEAP = {"sales": {"columns": ["id"], "where": "amount < 25"}}
COUNT = 'print(tool("execute_sql", sql="SELECT count(*) AS n FROM sales"))'


def test_candidates_are_tried_with_their_policies_at_the_same_time(platform: Platform) -> None:
    scope = f"""
one = {{"scope_fn_source": ALL, "row_policies": {CHEAP!r}}}
two = {{"row_policies": {{"sales": {{"columns": "*", "where": "id = 1"}}}}}}
bad = {{"row_policies": {{"secrets": {{"columns": "*"}}}}}}
tell([batch(one, two, ALL), simulate(NONE, row_policies={CHEAP!r}), batch(bad)])
"""
    batch, single, bad = stages.told(platform.ask(stages.room(platform, scope, COUNT), "x"))
    counts = [json.loads(item["output"]) for item in batch[1]["results"]]
    assert counts == [[{"n": 2}], [{"n": 1}], [{"n": 3}]]
    assert (single[0], single[1]["output"]) == (200, "[]")
    (refused,) = bad[1]["results"]
    assert refused["error"].startswith("the candidate was refused: ")
    assert "not one of the room" in refused["error"]
    assert session.run_readers_left() == []


def test_a_room_that_requires_policies_refuses_candidates_without(platform: Platform) -> None:
    scope = f"""
told = [simulate(ALL), simulate(ALL, row_policies={CHEAP!r})]
source = "def scope(sql, params, rows):\\n    return {{'allow': True, 'rows': [{{'told': %r}}]}}" % json.dumps(told)
print(json.dumps({{"scope_fn": source, "row_policies": {CHEAP!r}}}))
"""
    room = stages.room(platform, scope, COUNT, require_row_policies=True)
    (without, answer), (status, good) = stages.told(platform.ask(room, "x"))
    assert (without, "requires row policies" in answer["detail"]) == (500, True)
    assert (status, json.loads(good["output"])) == (200, [{"n": 2}])


def test_the_readers_of_simulations_go_with_the_stage(platform: Platform) -> None:
    scope = f"""
threading.Thread(target=lambda: simulate(ALL, row_policies={CHEAP!r}), daemon=True).start()
time.sleep(3)
tell(1)
"""
    body = platform.ask(stages.room(platform, scope, "time.sleep(600)"), "x")
    assert stages.told(body) == 1
    assert body["usage"]["stages"]["scope"]["simulations"]["count"] == 1
    assert session.run_readers_left() == []
