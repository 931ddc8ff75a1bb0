"""The evaluation in real rooms: a small sample of the corpus, and one scenario through the client."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eval import arms
from eval.place import rooms
from eval.place.client import Owner
from eval.place.rooms import Cell
from eval.place.upstream import RecordingUpstream
from eval.play import campaign
from eval.play.campaign import Plan
from eval.play.comparison import Comparison, Manner, Results
from eval.report import markdown
from tests.factories.packages import CALL, ECHO_RAW
from tests.factories.service import ROOT, Service

pytestmark = [pytest.mark.docker, pytest.mark.e2e, pytest.mark.timeout(300)]
PLAN = Plan(arms=("none", "row_policies"), mediated=(False,), attacks_each=1, questions=4, parallel=4)
PRETENDER = arms.Arm("pretender", "says so only", arms.BY_NAME["none"].output, arms.SCOPES, row_policies=True)
DOCKERFILE = b'FROM hivemind-agent-base:latest\nCOPY agent.py /app/agent.py\nCMD ["python3", "/app/agent.py"]\n'
SCOPE = (
    CALL
    + """
files = json.loads(tool("list_query_agent_files"))["files"]
tool("read_query_agent_file", file_path=files[0]["path"])
print(json.dumps({"scope_fn": "def scope(sql, params, rows):\\n    return {'allow': True, 'rows': rows}"}))
"""
)
QUERY = (
    CALL
    + """
rows = json.loads(tool("execute_sql", sql="SELECT category, count(*) AS n FROM viewed GROUP BY category ORDER BY 1"))
print("| category | n |\\n| --- | ---: |")
for row in rows:
    print(f"| {row['category']} | {row['n']} |")
"""
)


@pytest.fixture(scope="module")
def played(service: Service) -> Results:
    service.await_worker()
    chosen = campaign.material(PLAN)
    with RecordingUpstream() as upstream:
        keys = (service.tenant("eval-owner"), service.tenant("eval-asker"))
        comparison = Comparison(
            service.origin, keys=keys, material=chosen, manner=Manner(parallel=PLAN.parallel), upstream=upstream
        )
        cast = rooms.furnish(comparison.owner, chosen.data)
        results = comparison.play([*PLAN.cells, Cell(PRETENDER, mediated=False)], cast=cast, say=print)
    print(markdown.report(campaign.document(PLAN, chosen, results)))
    return results


def test_without_a_boundary_the_attacks_are_real(played: Results) -> None:
    leaked = {one.kind for one in played.attacks if one.cell == "none" and one.leaked}
    assert len(leaked) >= 8
    assert [one.problem for one in [*played.attacks, *played.questions] if one.problem] == []


def test_row_policies_let_nothing_out(played: Results) -> None:
    assert [(one.id, one.channels, one.places) for one in played.attacks if one.cell != "none" and one.leaked] == []


def test_harmless_questions_are_answered_in_every_cell(played: Results) -> None:
    assert [(one.cell, one.id) for one in played.questions if not one.right or one.leaked] == []
    assert len(played.questions) == 2 * 4


def test_every_run_is_measured(played: Results) -> None:
    for one in [*played.attacks, *played.questions]:
        assert one.figures is not None
        assert all(seconds > 0 for seconds in one.figures.seconds)
        assert one.figures.failed_runs or {"scope", "query"} <= one.figures.stage_seconds.keys()
    assert sum(one.figures.tool_calls for one in played.attacks if one.figures) >= 12


def test_a_cell_whose_boundary_is_not_in_force_is_left_out(played: Results) -> None:
    assert played.left_out == {"pretender": "the service does not enforce row policies"}
    assert {one.cell for one in [*played.attacks, *played.questions]} == {"none", "row_policies"}


def test_a_scenario_is_played_in_a_room_through_the_client(service: Service, tmp_path: Path) -> None:
    service.await_worker()
    owner, bob = Owner(service.origin, service.tenant("eval-alice")), service.tenant("eval-bob")
    owner.sql("CREATE TABLE viewed AS SELECT n, 'music' AS category FROM generate_series(1, 30) AS n")
    agents = {
        f"{kind}_agent_id": owner.agent(kind, kind, {"Dockerfile": DOCKERFILE, "agent.py": source.encode()})
        for kind, source in (("scope", SCOPE), ("query", QUERY), ("mediator", ECHO_RAW))
    }
    egress = {"llm_providers": ["openrouter"], "allow_artifacts": False}
    room = owner.room(
        name="scenario", query_mode="fixed", allowed_tables=["viewed"], policy="counts", egress=egress, **agents
    )
    (tmp_path / "key").write_text(bob)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HIVEMIND_")} | {
        "HIVEMIND_HOME": str(tmp_path / "home"),
        "HMCTL_BIN": f"{sys.executable} -m hmctl",
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = [sys.executable, "-m", *words]
        return subprocess.run(done, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert run("hmctl", "init", "--service", service.origin, "--api-key-file", str(tmp_path / "key")).returncode == 0
    accepted = run("hmctl", "room", "accept", room.link)
    assert accepted.returncode == 0, accepted.stderr
    scenario, out = "adaptive_query_agent_source", str(tmp_path / "out")
    played = run("eval", "run-room", scenario, room.link, "--model", "some/model", "--output-dir", out)

    (row,) = json.loads((tmp_path / "out" / f"{scenario}__summary.json").read_text())
    assert (row["findings"], played.returncode) == ([], 0), played.stdout + played.stderr
    assert (row["passed"], row["run_status"], row["markdown_table_count"]) == (True, "completed", 1)
    assert row["stage_seconds"].keys() == {"scope", "query", "mediator"}
    assert row["tool_call_counts"] == {"list_query_agent_files": 1, "read_query_agent_file": 1, "execute_sql": 1}
    assert row["attestation_present"] and {"run_id", "output_hash"} <= set(row["attestation_body_fields"])
    again = run("eval", "summarize", f"{out}/{scenario}__summary.json")
    assert f"| {scenario} | some/model | {row['run_id']} | yes |" in again.stdout
