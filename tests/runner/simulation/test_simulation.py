"""A scope agent rehearses the query agent in sealed containers of their own."""

import json
import time

import docker
import pytest

from rooms.services import vault
from rooms.services.vault import NewItem
from runner.models import Run
from tests.factories.platform import Platform
from tests.runner.simulation import stages

pytestmark = pytest.mark.docker
READ = 'print(tool("execute_sql", sql=os.environ["QUERY_PROMPT"]))'
IDS = "SELECT id FROM sales ORDER BY id"


def test_the_query_agent_is_rehearsed_under_a_candidate(platform: Platform) -> None:
    scope = "tell([simulate(source) for source in (ALL, FIRST, NONE)])"
    answers = stages.told(platform.ask(stages.room(platform, scope, READ), IDS))
    assert [status for status, _ in answers] == [200, 200, 200]
    assert [json.loads(answer["output"]) for _, answer in answers] == [
        [{"id": 1}, {"id": 2}, {"id": 3}],
        [{"id": 1}],
        [],
    ]
    assert all(answer["tape"] == [] for _, answer in answers)


def test_a_batch_tries_its_candidates_and_tells_each_ones_error(platform: Platform) -> None:
    scope = "tell(batch(FIRST, 'import os', {'scope_fn_source': NONE}))"
    status, answer = stages.told(platform.ask(stages.room(platform, scope, READ), IDS))
    assert status == 200
    first, second, third = answer["results"]
    assert (first["idx"], json.loads(first["output"]), first["error"]) == (0, [{"id": 1}], None)
    assert (second["idx"], second["output"]) == (1, "")
    assert "refused" in second["error"]
    assert (third["idx"], third["output"], third["error"]) == (2, "[]", None)


def test_a_simulated_query_sees_the_tables_of_the_room_and_no_others(platform: Platform) -> None:
    simulated = """
print(tool("execute_sql", sql="SELECT word FROM secrets"))
print(tool("get_schema"))
"""
    status, answer = stages.told(platform.ask(stages.room(platform, "tell(simulate())", simulated), "x"))
    assert status == 200
    assert "canary-other-table" not in answer["output"]
    assert "amount" in answer["output"]
    assert "word" not in answer["output"]


def test_a_simulated_query_reads_the_vault_through_the_candidate(platform: Platform) -> None:
    candidate = (
        "def scope(sql, params, rows):\n"
        "    return {'allow': True, 'rows': [r for r in rows if 'public' in r['metadata'].get('tags', [])]}"
    )
    simulated = 'print([item["text"] for item in json.loads(tool("get_room_vault_items"))])'
    room = stages.room(platform, f"tell(batch({candidate!r}, ALL, NONE))", simulated)
    for text, tags in (("open letter", ["public"]), ("diary", ["private"])):
        vault.add(platform.alice.owner, room.row, NewItem(text, {"tags": tags}))
    status, answer = stages.told(platform.ask(room, "x"))
    assert status == 200
    outputs = [item["output"] for item in answer["results"]]
    assert outputs == ["['open letter']", "['open letter', 'diary']", "[]"]


def test_a_simulated_query_gets_its_own_environment_and_is_sealed(platform: Platform) -> None:
    simulated = """
import socket, urllib.error
seen = dict(os.environ)
def status(path, token=os.environ["SESSION_TOKEN"]):
    try:
        return call(path, {}, token) and 200
    except urllib.error.HTTPError as error:
        return error.code
try:
    socket.create_connection(("1.1.1.1", 53), 1)
    seen["OUTSIDE"] = "reached"
except OSError:
    pass
seen["STATUSES"] = [status("/sandbox/" + p) for p in ("simulate", "verify_scope_fn", "artifact-upload")]
seen["FORGED"] = status("/tools/get_schema", "x" * 43)
seen["SCOPE_FN_LENGTH"] = len(seen.pop("SCOPE_FN_SOURCE"))
seen["ROOT"] = os.access("/", os.W_OK) or os.getuid() == 0
print(json.dumps({k: v for k, v in seen.items() if k not in ("SESSION_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")}))
"""
    scope = """
outer = os.environ["SESSION_TOKEN"]
status, answer = simulate(prompt="what now?")
seen = json.loads(answer["output"])
seen["SAME_TOKEN"] = outer in answer["output"]
tell(seen)
"""
    seen = stages.told(platform.ask(stages.room(platform, scope, simulated), "x"))
    assert (seen["AGENT_ROLE"], seen["QUERY_PROMPT"], seen["HIVEMIND_MODEL"]) == ("query", "what now?", "")
    assert seen["SCOPE_FN_LENGTH"] > 50
    assert seen["BRIDGE_URL"] == "http://127.0.0.1:8787"
    assert (int(seen["BUDGET_MAX_CALLS"]), int(seen["BUDGET_MAX_TOKENS"])) == (20, 500_000)
    assert seen["STATUSES"] == [404, 404, 404]
    assert (seen["FORGED"], seen["ROOT"], seen["SAME_TOKEN"]) == (401, False, False)
    absent = {"RUN_ID", "OUTSIDE", "POLICY_CONTEXT", "QUERY_AGENT_ID", "HIVEMIND_QUERY_UPLOAD_ARTIFACTS"}
    assert not absent & set(seen)
    assert not any(name.startswith("HIVEMIND_SCOPE") for name in seen)


@pytest.mark.parametrize(
    ("simulated", "words"),
    [
        ("sys.stderr.write('canary-stderr'); sys.exit(3)", "it exited with status 3"),
        ("while True: print('x' * 100000)", "it printed more"),
        ("x = []\nwhile True: x.append(bytes(10**7))", "memory"),
        ("time.sleep(600)", "it timed out after 2 s"),
    ],
)
def test_a_simulation_that_fails_is_told_in_our_words_and_the_stage_goes_on(
    platform: Platform, simulated: str, words: str
) -> None:
    platform_room = stages.room(platform, "tell(simulate())", simulated)
    run_id = platform.submit(platform_room, "x")
    run = Run.objects.get(pk=run_id)
    run.terms["query"]["timeout_seconds"] = 2
    run.save(update_fields=["terms"])
    status, answer = stages.told(platform.carried_out(platform_room, run_id))
    assert (status, list(answer)) == (500, ["detail"])
    assert answer["detail"].startswith("Simulation failed: ")
    assert words in answer["detail"]
    assert "canary" not in json.dumps(answer)


def test_a_simulation_that_prints_nothing_gives_the_known_sentence(platform: Platform) -> None:
    answer = stages.told(platform.ask(stages.room(platform, "tell(simulate())", "pass"), "x"))
    assert answer[1]["output"] == "(Agent produced no output)"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("post('simulate', scope_fn_source=ALL, query_agent_id='0123456789ab')", 403),
        ("post('simulate_batch', candidates=[ALL], query_agent_id=os.environ['QUERY_AGENT_ID'] + ' ')", 403),
        ("batch()", 422),
        ("batch(ALL, ALL, ALL, ALL)", 422),
        ("simulate(None)", 422),
        ("simulate('x' * 10_001)", 500),
        ("simulate('def scope(sql, params, rows):' + chr(10) + '    return {}.' + '_' * 2 + 'class' + '_' * 2)", 500),
    ],
)
def test_what_cannot_be_simulated_is_refused(platform: Platform, request_: str, status: int) -> None:
    answer = stages.told(platform.ask(stages.room(platform, f"tell({request_})", READ), IDS))
    assert answer[0] == status, answer
    assert "detail" in answer[1]


def test_nothing_is_left_of_simulations_when_the_run_has_ended(platform: Platform) -> None:
    scope = "threading.Thread(target=simulate, daemon=True).start(); time.sleep(2); tell(1)"
    room = stages.room(platform, scope, "time.sleep(60)")
    started = time.monotonic()
    body = platform.ask(room, "x")
    assert stages.told(body) == 1
    assert time.monotonic() - started < 30
    used = body["usage"]["stages"]["scope"]["simulations"]
    assert (used["count"], used["answered"], used["total_tokens"]) == (1, 0, 0)
    deadline = time.monotonic() + 10
    while left := docker.APIClient().containers(all=True, filters={"label": f"hivemind-run-id={body['run_id']}"}):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
