"""`room ask`: questions from everywhere, answers into files, artifacts, uploads, interruption."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from attestation.manifests.room import QueryRef
from attestation.manifests.run_record import RunArtifact
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import HastyClock, Shell


def _question(service: LyingService) -> str:
    return service.requests("POST", ".*/runs")[-1].json["query"]


def test_the_question_comes_from_an_argument_stdin_or_a_file(
    accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    (tmp_path / "q.txt").write_text("from a file\n")

    assert accepted("room", "ask", service.link(), "-", text="from stdin\n").code == 0
    assert _question(service) == "from stdin\n"
    assert accepted("room", "ask", service.link(), "--question-file", str(tmp_path / "q.txt")).code == 0
    assert _question(service) == "from a file\n"


def test_no_question_or_two_are_refused_before_any_call(accepted: Shell, service: LyingService, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    assert accepted("room", "ask", service.link()).code == 2
    assert accepted("room", "ask", service.link(), "Q", "--question-file", "x").code == 2
    assert accepted("room", "ask", service.link(), "  ").code == 1
    assert accepted("room", "ask", service.link(), "--question-file", str(tmp_path / "binary")).code == 1
    assert service.asked == []


def test_the_body_has_the_published_fields(accepted: Shell, service: LyingService) -> None:
    flags = [
        "--timeout",
        "5000",
        "--max-llm-calls",
        "0",
        "--model",
        "m",
        "--scope-model",
        "s",
        "--provider",
        "openrouter",
    ]

    assert accepted("room", "ask", service.link(), "Q", *flags).code == 0

    body = service.requests("POST", ".*/runs")[0].json
    assert len(body.pop("client_nonce")) == 64
    assert body == {
        "query": "Q",
        "timeout_seconds": 3600,
        "max_tokens": 1_000_000,
        "model": "m",
        "scope_model": "s",
        "provider": "openrouter",
    }


def test_an_older_service_is_sent_no_nonce(accepted: Shell, service: LyingService) -> None:
    for healthz in ({"status": "ok", "version": "0.3.7"}, Reply({}, 404), {"features": "client_nonce"}):
        service.answer("GET", "/v1/healthz", healthz)
        assert accepted("room", "ask", service.link(), "Q").code == 0
        assert "client_nonce" not in service.requests("POST", ".*/runs")[-1].json


def test_the_signed_terms_rule_out_a_request_before_it_is_sent(accepted: Shell, service: LyingService) -> None:
    for flags in (["--provider", "tinfoil"], ["--query-agent", "cccccccccccc"]):
        assert accepted("room", "ask", service.link(), "Q", *flags).code == 1
    assert service.requests("POST", ".*") == []


def test_the_answer_can_go_to_a_file(accepted: Shell, service: LyingService, tmp_path: Path) -> None:
    target = tmp_path / "answer.txt"

    shown = accepted("room", "ask", service.link(), "Q", "--output", str(target))

    assert (shown.code, shown.out) == (0, "")
    assert target.read_text() == "Rents rose by 4 percent."
    assert accepted("room", "ask", service.link(), "Q", "--output", str(tmp_path / "no" / "x")).code == 1
    assert len(service.requests("POST", ".*/runs")) == 1


@pytest.fixture
def artifact(service: LyingService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A run that leaves a signed report and a file with a hostile name."""
    monkeypatch.chdir(tmp_path)
    content = b"# report"
    signed = (RunArtifact("report.md", len(content), sha256(content).hexdigest()),)
    names = ["report.md", "../../evil"]

    def finish(row: dict) -> dict:
        listed = [{"filename": name, "size_bytes": 8, "content_type": "text/markdown"} for name in names]
        return {"artifacts": listed, "attestation": service.record(row, artifacts=signed)}

    service.finish_run = finish
    service.answer("GET", "/v1/runs/.*/artifacts/.*", Reply(content, content_type="text/markdown"))
    return content


def test_artifacts_are_saved_in_a_folder_of_their_own(
    artifact: bytes, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    document = json.loads(accepted("room", "ask", service.link(), "Q", "--fetch", "--json").out)

    run_id = document["run_id"]
    assert (tmp_path / "hivemind-artifacts" / run_id / "report.md").read_bytes() == artifact
    assert document["fetched"] == [
        {"filename": "report.md", "path": f"{tmp_path}/hivemind-artifacts/{run_id}/report.md"}
    ]
    assert document["fetch_errors"] == [{"filename": "../../evil", "reason": "not a name to save a file under"}]
    assert document["artifacts"][0] == {
        "filename": "report.md",
        "size": 8,
        "content_type": "text/markdown",
        "url": f"{service.url}/v1/runs/{run_id}/artifacts/report.md",
    }
    assert not list(tmp_path.rglob("evil"))


def test_an_artifact_that_differs_from_the_signed_one_is_refused(
    artifact: bytes, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    service.answer("GET", "/v1/runs/.*/artifacts/.*", Reply(b"# forged"))

    shown = accepted("room", "ask", service.link(), "Q", "--fetch")

    assert shown.code == 6
    assert "report.md differs from what was signed" in shown.err
    assert not list(tmp_path.rglob("report.md"))


def test_a_missing_artifact_is_a_warning(artifact: bytes, accepted: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/runs/.*/artifacts/.*", Reply({"detail": "expired"}, 404))

    shown = accepted("room", "ask", service.link(), "Q", "--fetch")

    assert shown.code == 0
    assert "warning: artifact report.md was not saved: 404: expired" in shown.err


@pytest.fixture
def uploadable(service: LyingService, bob: Shell, tmp_path: Path) -> str:
    """An accepted room that takes the asker's own agent, and that agent."""
    service.publish(service.manifest(query=QueryRef("uploadable", "", "sealed"), serial=2))
    assert bob("room", "accept", service.link()).code == 0
    folder = tmp_path / "my-agent"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    return str(folder)


def test_bringing_an_agent_binds_the_record_to_its_source(uploadable: str, bob: Shell, service: LyingService) -> None:
    from hmctl.packages import packing

    digest = packing.pack(Path(uploadable)).files_sha256
    service.finish_run = lambda row: {"attestation": service.record(row | {"_query_files_digest": digest})}

    shown = bob("room", "ask", service.link(), "Q", "--agent", uploadable)

    form = service.requests("POST", ".*/query-agents")[0].form
    assert shown.code == 0
    assert {"name", "archive", "prompt", "description", "memory_mb", "timeout_seconds"} <= set(form)
    assert form["prompt"] == b"Q"


def test_another_agent_than_the_uploaded_one_is_refused(uploadable: str, bob: Shell, service: LyingService) -> None:
    shown = bob("room", "ask", service.link(), "Q", "--agent", uploadable)

    assert shown.code == 6
    assert "Another query agent ran than the one that was uploaded" in shown.err


def test_a_service_without_uploads_is_named_as_such(uploadable: str, bob: Shell, service: LyingService) -> None:
    service.answer("POST", ".*/query-agents", Reply({"detail": "Not Found"}, 404))

    shown = bob("room", "ask", service.link(), "Q", "--agent", uploadable)

    assert shown.code == 1
    assert "takes no query agents from participants (404: Not Found)" in shown.err


def test_an_uploadable_room_needs_an_agent(uploadable: str, bob: Shell, service: LyingService) -> None:
    assert bob("room", "ask", service.link(), "Q").code == 1
    assert bob("room", "ask", service.link(), "Q", "--agent", uploadable, "--scope-model", "m").code == 2
    assert service.requests("POST", ".*") == []


class Impatient(HastyClock):
    """Presses Ctrl-C at the first wait."""

    def sleep(self, seconds: float) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_tells_how_to_go_on(accepted: Shell, service: LyingService) -> None:
    accepted.clock = Impatient()

    shown = accepted("room", "ask", service.link(), "Q")
    as_json = accepted("room", "ask", service.link(), "Q", "--json")

    run_id = next(iter(service.runs))
    assert shown.code == as_json.code == 1
    assert f"error: stopped waiting; run {run_id} goes on\n" in shown.err
    assert f'hint: Fetch and verify it later: hmctl room runs {run_id} --link "$ROOM" --wait\n' in shown.err
    problem = json.loads(as_json.out)["error"]
    assert (problem["code"], problem["exit"]) == ("interrupted", 1)
    assert problem["run_id"] in service.runs


def test_share_links_can_ask(bob: Shell, service: LyingService) -> None:
    link = service.link(share=True)

    assert bob("room", "inspect", link).code == 0
    assert bob("room", "accept", link).code == 0
    assert bob("room", "ask", link, "Q").code == 0
