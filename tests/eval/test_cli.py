"""The command line: what it prints, what it leaves, and how it exits."""

import itertools
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eval import cli
from eval.scenarios import shape
from tests.eval import answers
from tests.factories.service import ROOT

TOP = "watch_history_top_hashtags"
CLIENT = """#!{python}
import json, os, sys
with open(os.environ["SEEN"], "a") as seen:
    print(json.dumps(sys.argv[1:]), file=seen)
answer = json.load(open(os.environ["ANSWER"]))
print("run 4f0a9c1d22be", file=sys.stderr)
print(json.dumps(answer))
sys.exit(answer.get("exit", 0))
"""


def run(*words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli.root, words, input=text)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A client that answers what stands in the file; it notes how it was called beside that."""
    program = tmp_path / "client"
    program.write_text(CLIENT.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("HMCTL_BIN", str(program))
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("ANSWER", str(tmp_path / "answer"))
    return tmp_path


def answers_with(folder: Path, **changed: object) -> None:
    row = answers.row(shape.get(TOP)) | {"output": answers.TOP, "artifacts": []}
    (folder / "answer").write_text(json.dumps(row | changed))


def test_list_names_every_scenario_with_its_demands() -> None:
    lines = [line.split("\t") for line in run("list").output.splitlines()]
    assert {line[0] for line in lines} == {
        "watch_history_top_hashtags",
        "watch_history_feed_diversity",
        "watch_history_report_artifact",
        "chat_history_support_themes",
        "adaptive_query_agent_source",
        "slow_drip_inference",
        "data_in_code",
    }
    assert all(len(line) == 3 and line[2] for line in lines)


def test_the_module_runs_and_says_what_it_does_not_know() -> None:
    def module(*words: str) -> subprocess.CompletedProcess[str]:
        done = [sys.executable, "-m", "eval", *words]
        return subprocess.run(done, cwd=ROOT, capture_output=True, text=True, input="x", check=False)

    assert module("list").returncode == 0
    unknown = module("grade", "nothing", "-")
    assert (unknown.returncode, "there is no scenario 'nothing'" in unknown.stderr) == (2, True)


def test_grade_reads_a_file_or_stdin_and_exits_by_the_result(tmp_path: Path) -> None:
    good = run("grade", TOP, "-", text=answers.TOP)
    assert (good.exit_code, json.loads(good.output)["passed"]) == (0, True)
    path = tmp_path / "answer.md"
    path.write_text(answers.TOP.replace("| 1 |", "| 9 |"))
    bad = run("grade", TOP, str(path))
    told = json.loads(bad.output)
    assert (bad.exit_code, told["passed"]) == (1, False)
    assert {"kind", "pattern", "message", "matched_text", "dimension", "severity", "score"} == set(told["findings"][0])
    assert {"dimension", "severity", "score", "passed", "kind", "message", "evidence", "pattern"} == set(
        told["rubric"][0]
    )


def test_grade_understands_the_document_of_an_ask() -> None:
    row = answers.row(shape.get(TOP)) | {"output": answers.TOP}
    assert run("grade", TOP, "-", text=json.dumps(row)).exit_code == 0
    failed = run("grade", TOP, "-", text=json.dumps(row | {"status": "failed"}))
    assert [found["kind"] for found in json.loads(failed.output)["findings"]] == ["run_status"]


def test_run_room_asks_with_every_model_and_leaves_its_files(client: Path) -> None:
    answers_with(client)
    done = run("run-room", TOP, "room_1", "--model", "a/b:c", "--model", "d", "--output-dir", str(client / "out"))
    assert done.exit_code == 0, done.output
    names = {path.name for path in (client / "out").iterdir()}
    stems = [f"{TOP}__a_b_c", f"{TOP}__d"]
    endings = (".json", ".stderr.txt", "__run.json", "__run.stderr.txt")
    assert names == {f"{stem}{ending}" for stem in stems for ending in endings} | {f"{TOP}__summary.json"}
    first, second = json.loads((client / "out" / f"{TOP}__summary.json").read_text())
    assert (first["model"], second["model"], first["run_id"]) == ("a/b:c", "d", "4f0a9c1d22be")
    assert (first["returncode"], first["passed"], first["findings"]) == (0, True, [])
    assert (first["markdown_table_count"], first["llm_calls"], first["duration_seconds"]) == (1, 6, 16.0)
    assert (client / "out" / f"{stems[1]}.stderr.txt").read_text() == "run 4f0a9c1d22be\n"


def test_run_room_calls_the_client_as_a_careful_asker_would(client: Path) -> None:
    answers_with(client)
    run("run-room", TOP, "room_1", "--model", "m", "--hmctl-profile", "bob", "--fetch", "--output-dir", str(client))
    (called,) = [json.loads(line) for line in (client / "seen").read_text().splitlines()]
    assert called[:5] == ["--yes", "--allow-degraded-attestation", "--profile", "bob", "room"]
    assert called[5:8] == ["ask", "room_1", shape.get(TOP).question]
    options = dict(itertools.pairwise(called))
    assert [options[f"--{stage}-model"] for stage in ("scope", "query", "mediator")] == ["m", "m", "m"]
    assert (options["--provider"], options["--max-tokens"], options["--max-llm-calls"]) == (
        "openrouter",
        "1000000",
        "60",
    )
    assert options["--timeout"] == "900"
    assert {"--json", "--fetch"} <= set(called)


def test_run_room_fails_when_one_answer_fails(client: Path) -> None:
    answers_with(client, output="no table")
    assert run("run-room", TOP, "room_1", "--model", "m", "--output-dir", str(client)).exit_code == 1


def test_a_client_that_fails_is_the_only_finding(client: Path) -> None:
    answers_with(client, exit=4, error={"message": "the run failed", "run_id": "4f0a9c1d22be"})
    assert run("run-room", TOP, "room_1", "--model", "m", "--output-dir", str(client)).exit_code == 1
    (row,) = json.loads((client / f"{TOP}__summary.json").read_text())
    assert (row["returncode"], row["run_id"]) == (4, "4f0a9c1d22be")
    assert [(f["kind"], f["matched_text"]) for f in row["findings"]] == [("command_failed", "exit 4: the run failed")]


def test_a_client_that_does_not_exist_is_an_error_and_no_result(client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMCTL_BIN", str(client / "nowhere"))
    done = run("run-room", TOP, "room_1", "--model", "m", "--output-dir", str(client))
    assert "could not be started" in str(done.exception)


def test_run_room_needs_a_model() -> None:
    assert run("run-room", TOP, "room_1").exit_code == 2


def test_summarize_puts_all_rows_into_one_table(client: Path) -> None:
    answers_with(client)
    run("run-room", TOP, "room_1", "--model", "m", "--output-dir", str(client))
    answers_with(client, scope_mode="rehearsed")
    run("run-room", TOP, "room_1", "--model", "n", "--output-dir", str(client / "two"))
    files = [str(folder / f"{TOP}__summary.json") for folder in (client, client / "two")]
    heading, _, first, second = run("summarize", *files).output.splitlines()
    cells = [part.strip() for part in heading.strip("|").split("|")]
    told = [dict(zip(cells, map(str.strip, line.strip("|").split("|")), strict=True)) for line in (first, second)]
    assert [(row["model"], row["passed"], row["scope_agent"]) for row in told] == [
        ("m", "yes", "pass"),
        ("n", "no", "fail:1"),
    ]
    assert len(cells) == 5 + 10
    assert (told[0]["duration_s"], told[0]["artifact"]) == ("16.0", "-")


@pytest.mark.parametrize("content", ["{}", "[1]", "not json"])
def test_summarize_refuses_what_is_no_summary(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    assert run("summarize", str(path)).exit_code != 0


def test_compare_needs_a_model_for_the_arm_that_has_one() -> None:
    assert "needs a --model" in str(run("compare", "--arm", "default").exception)
