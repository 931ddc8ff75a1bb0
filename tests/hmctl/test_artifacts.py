"""Files of a run: compared with the signed record before they are written, and never over another file."""

import hashlib
import json
from pathlib import Path

import pytest

from attestation.manifests.run_record import RunArtifact
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

CONTENT = b"# Report"


@pytest.fixture
def run_id(accepted: Shell, service: LyingService) -> str:
    """An answered run that has left one file."""

    def finish(row: dict) -> dict:
        listed = [{"filename": "report.md", "size_bytes": len(CONTENT), "content_type": "text/markdown"}]
        signed = (RunArtifact("report.md", len(CONTENT), hashlib.sha256(CONTENT).hexdigest()),)
        return {"artifacts": listed, "attestation": service.record(row, artifacts=signed)}

    service.finish_run = finish
    service.answer("GET", "/v1/runs/.*/artifacts/.*", Reply(CONTENT, content_type="text/markdown"))
    assert accepted("room", "ask", service.link(), "Q").code == 0
    return next(iter(service.runs))


def fetch(shell: Shell, service: LyingService, run_id: str, *more: str) -> object:
    return shell("room", "runs", run_id, "--link", service.link(), *more)


def test_they_go_to_the_folder_that_was_named(
    run_id: str, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "here"
    shown = fetch(accepted, service, run_id, "--artifacts", str(folder), "--json")
    assert shown.code == 0
    assert json.loads(shown.out)["fetched"] == [{"filename": "report.md", "path": str(folder / "report.md")}]
    assert [path.name for path in folder.iterdir()] == ["report.md"]
    assert (folder / "report.md").read_bytes() == CONTENT


def test_the_same_file_may_be_fetched_again(
    run_id: str, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    for _ in range(2):
        shown = fetch(accepted, service, run_id, "--artifacts", str(tmp_path / "a"))
        assert (shown.code, "was not saved" in shown.err) == (0, False)


def test_another_file_of_the_name_stays_unless_told_otherwise(
    run_id: str, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    mine = tmp_path / "report.md"
    mine.write_text("mine")
    shown = fetch(accepted, service, run_id, "--artifacts", str(tmp_path))
    assert shown.code == 0
    assert f"artifact report.md was not saved: {mine} exists already" in shown.err
    assert mine.read_text() == "mine"
    assert fetch(accepted, service, run_id, "--artifacts", str(tmp_path), "--overwrite").code == 0
    assert mine.read_bytes() == CONTENT
    assert not list(tmp_path.glob(".*.part"))


def test_a_link_that_stands_in_its_place_is_not_followed(
    run_id: str, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    target = tmp_path / "precious"
    target.write_bytes(CONTENT)
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "report.md").symlink_to(target)
    shown = fetch(accepted, service, run_id, "--artifacts", str(folder))
    assert "exists already" in shown.err
    fetch(accepted, service, run_id, "--artifacts", str(folder), "--overwrite")
    assert not (folder / "report.md").is_symlink()
    assert target.read_bytes() == CONTENT


def test_a_forged_file_is_refused_before_it_is_written(
    run_id: str, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    service.answer("GET", "/v1/runs/.*/artifacts/.*", Reply(b"# Forged", content_type="text/markdown"))
    (tmp_path / "report.md").write_text("mine")
    shown = fetch(accepted, service, run_id, "--artifacts", str(tmp_path), "--overwrite", "--json")
    assert (shown.code, json.loads(shown.out)["code"]) == (6, "artifact_differs")
    assert (tmp_path / "report.md").read_text() == "mine"


def test_a_file_whose_time_is_over_is_named_and_the_answer_stands(
    run_id: str, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    service.answer("GET", "/v1/runs/.*/artifacts/.*", Reply({"detail": "gone", "code": "artifact_expired"}, 410))
    shown = fetch(accepted, service, run_id, "--artifacts", str(tmp_path), "--json")
    assert shown.code == 0
    assert json.loads(shown.out)["fetch_errors"] == [{"filename": "report.md", "reason": "410: gone"}]


def test_a_file_instead_of_a_folder_is_refused(
    run_id: str, accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    assert fetch(accepted, service, run_id, "--artifacts", str(tmp_path / "file")).code == 2
