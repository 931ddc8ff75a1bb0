"""Candidates and query agents that want more than a rehearsal."""

import json

import pytest

from hivemind.kit.conf import override
from tests.factories.platform import Platform
from tests.runner.simulation import stages

pytestmark = pytest.mark.docker
READ = 'print(tool("execute_sql", sql="SELECT id FROM sales ORDER BY id"))'

HOSTILE = {
    "endless": "def scope(sql, params, rows):\n    while True:\n        pass",
    "greedy": "def scope(sql, params, rows):\n    return {'allow': True, 'rows': [[0] * 10**9]}",
    "escaping": "def scope(sql, params, rows):\n    return {'allow': True, 'rows': [().__class__.__mro__]}",
    "importing": "import os\ndef scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}",
    "denying": "def scope(sql, params, rows):\n    return {'allow': len(rows) < 0, 'rows': rows}",
    "crashing": "def scope(sql, params, rows):\n    return 1 // 0",
    "lying": "def scope(sql, params, rows):\n    return {'allow': 'yes', 'rows': 'all'}",
}


def test_no_candidate_shows_rows_or_takes_the_stage_along(platform: Platform) -> None:
    scope = f"tell([simulate(source) for source in {list(HOSTILE.values())!r}] + [simulate(NONE)])"
    *hostile, good = stages.told(platform.ask(stages.room(platform, scope, READ), "x"))
    assert (good[0], good[1]["output"]) == (200, "[]")
    refused = {"escaping", "importing"}
    for name, (status, answer) in zip(HOSTILE, hostile, strict=True):
        if name in refused:
            assert (status, answer["detail"][:52]) == (500, "Simulation failed: the scope function was refused: l"), (
                name
            )
        else:
            assert (status, list(json.loads(answer["output"]))) == (200, ["error"]), name


def test_a_simulated_query_reaches_neither_the_scope_stage_nor_its_neighbours(platform: Platform) -> None:
    simulated = """
import socket
found = []
for port in (8787, 8788, 80, 2375, 5432, 6379):
    for host in ("127.0.0.1", "127.0.0.2", "172.17.0.1", "10.0.0.1", "0.0.0.0"):
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex((host, port)) == 0:
                found.append([host, port])
shared = "/tmp/left-behind"
before = os.path.exists(shared)
open(shared, "w").write("x")
print(json.dumps([found, before]))
"""
    status, answer = stages.told(platform.ask(stages.room(platform, "tell(batch(ALL, ALL, ALL))", simulated), "x"))
    assert status == 200
    for item in answer["results"]:
        found, before = json.loads(item["output"])
        # Its own bridge, and nothing besides; the other names of its own loopback are no other machines.
        assert {port for _, port in found} == {8787}
        assert not before


def test_the_token_of_the_scope_stage_opens_nothing_in_a_simulation(platform: Platform) -> None:
    simulated = """
import urllib.error
stolen = json.loads(os.environ["QUERY_PROMPT"])
try:
    print(call("/sandbox/simulate", {}, stolen))
except urllib.error.HTTPError as error:
    first = error.code
try:
    print(call("/tools/get_schema", {}, stolen))
except urllib.error.HTTPError as error:
    print(first, error.code)
"""
    scope = 'tell(simulate(prompt=json.dumps(os.environ["SESSION_TOKEN"])))'
    status, answer = stages.told(platform.ask(stages.room(platform, scope, simulated), "x"))
    assert (status, answer["output"]) == (200, "404 401")


def test_prompts_of_every_kind_arrive_or_are_refused(platform: Platform) -> None:
    simulated = """
prompt = os.environ.get("QUERY_PROMPT")
print(len(prompt if prompt is not None else open(os.environ["QUERY_PROMPT_FILE"], encoding="utf-8").read()))
"""
    scope = """
prompts = ["", "x" * 3_000_000, "a" + chr(0) + "b", chr(0xd800), "line" + chr(10) + "line '$(id)' `id`"]
tell([simulate(prompt=prompt) for prompt in prompts])
"""
    answers = stages.told(platform.ask(stages.room(platform, scope, simulated), "x"))
    assert [answer.get("output") for _, answer in answers] == ["0", "3000000", None, answers[3][1].get("output"), "22"]
    assert answers[2][0] == 500
    assert answers[3][0] in (200, 500)
    assert all("detail" in answer for status, answer in answers if status == 500)


def test_a_flood_of_simulations_ends_with_the_stage(platform: Platform) -> None:
    with override("budgets", simulations_per_run=2):
        room = stages.room(
            platform,
            "for _ in range(40): threading.Thread(target=lambda: batch(ALL, ALL, ALL), daemon=True).start()\n"
            "time.sleep(3)\ntell('enough')",
            "time.sleep(600)",
        )
        body = platform.ask(room, "x")
    assert stages.told(body) == "enough"
    assert body["usage"]["stages"]["scope"]["simulations"]["count"] == 2


@pytest.mark.parametrize("sealed", [True, False])
def test_a_sealed_query_agent_can_be_rehearsed_but_not_read(platform: Platform, sealed: bool) -> None:
    scope = """
agent = os.environ["QUERY_AGENT_ID"]
def get(path):
    try:
        return 200, call(path)
    except urllib.error.HTTPError as error:
        return error.code, None
told = {name: value for name, value in os.environ.items() if name.startswith("HIVEMIND_SCOPE")}
files = f"/sandbox/agents/{agent}/files"
tell([told, [f["path"] for f in get(files)[1]["files"]], get(files + "/agent.py")[0], get(files + "/none")[0],
      get("/sandbox/agents/0123456789ab/files")[0], simulate(prompt="x")[0]])
"""
    agent_id = platform.agent("query", stages.query(READ), inspection_mode="sealed" if sealed else "full")
    room = stages.room(platform, scope, READ, query_agent_id=agent_id)
    told, paths, content, missing, foreign, simulated = stages.told(platform.ask(room, "x"))
    assert sorted(paths) == ["Dockerfile", "agent.py"]
    assert (content, missing, foreign, simulated) == (403 if sealed else 200, 403 if sealed else 404, 403, 200)
    assert told == {
        "HIVEMIND_SCOPE_MODE": "sealed_conservative" if sealed else "rehearsed",
        "HIVEMIND_SCOPE_MODE_REASON": "query_agent_inspection_mode_sealed"
        if sealed
        else "custom_or_uploaded_query_agent",
        "HIVEMIND_SCOPE_QUERY_INSPECTION_MODE": "sealed" if sealed else "full",
        "HIVEMIND_SCOPE_ENABLE_SIMULATION_TOOLS": "true",
        "HIVEMIND_SCOPE_ENABLE_AGENT_FILE_TOOLS": "true",
    }


def test_what_the_operator_has_scope_agents_told_wins_and_is_told_to_nobody_else(platform: Platform) -> None:
    names = ["SCOPE_ENABLE_SIMULATION_TOOLS", "SCOPE_ENABLE_ROOM_VAULT_TOOLS", "DISABLE_SIMULATE", "SCOPE_MULTI"]
    scope = f"""
told = [os.environ.get("HIVEMIND_" + name) for name in {names}]
tell([told, simulate()])
"""
    simulated = f"print([name for name in {names} if 'HIVEMIND_' + name in os.environ])"
    with override("scope_hints", enable_simulation_tools="false", disable_simulate="1"):
        body = platform.ask(stages.room(platform, scope, simulated), "x")
    assert stages.told(body) == [["false", None, "1", None], [200, {"output": "[]", "tape": []}]]
