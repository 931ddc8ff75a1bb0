"""Asking with an agent of one's own, from the folder to the verified answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attestation.manifests.room import QueryRef
from hmctl.packages import packing
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

LOG = {"agent_id": "dddddddddddd", "build_id": "b" * 12, "status": "failed", "error": "A step failed."}


@pytest.fixture
def folder(service: LyingService, bob: Shell, tmp_path: Path) -> Path:
    """An agent for an accepted room that takes one, at a service that takes an upload twice for one."""
    service.features = ["client_nonce", "query_agents"]
    service.publish(service.manifest(query=QueryRef("uploadable", "", "sealed"), serial=2))
    assert bob("room", "accept", service.link()).code == 0
    made = tmp_path / "my-agent"
    made.mkdir()
    (made / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    (made / "agent.py").write_text("print(1)\n")
    return made


def signed_as(service: LyingService, folder: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    digest = packing.pack(folder).files_sha256
    return lambda row: {"attestation": service.record(row | {"_query_files_digest": digest})}


def ask(bob: Shell, service: LyingService, folder: Path, *more: str) -> Any:
    return bob("room", "ask", service.link(), "Q", "--agent", str(folder), *more)


def test_every_step_is_told_on_stderr_and_only_the_answer_on_stdout(
    folder: Path, bob: Shell, service: LyingService
) -> None:
    service.finish_run = signed_as(service, folder)
    service.polls_until_done = 2
    service.lie("GET", "/v1/runs/.*", lambda row: row | _building(row))

    shown = ask(bob, service, folder)

    assert (shown.code, shown.out.strip()) == (0, service.output.strip())
    for words in (
        "packed my-agent: 2 files, ",
        "uploading my-agent (",
        "uploaded in ",
        ", agent dddddddddddd",
        "build 2/5 …",
    ):
        assert words in shown.err


def _building(row: dict[str, Any]) -> dict[str, Any]:
    if row["status"] == "completed":
        return {"build_started_at": 0.1, "build_ended_at": 0.9}
    return {"build_started_at": 0.1, "build": {"step": 2, "steps": 5}, "scope_started_at": None}


def test_the_run_is_the_one_that_was_planned(folder: Path, bob: Shell, service: LyingService) -> None:
    service.lie("POST", ".*/query-agents", lambda answer: answer | {"run_id": "0" * 12})
    shown = ask(bob, service, folder)
    assert shown.code == 1
    assert "another run than the one submitted" in shown.err


def test_an_upload_that_was_lost_on_the_way_is_sent_again_under_the_same_id(
    folder: Path, bob: Shell, service: LyingService
) -> None:
    service.finish_run = signed_as(service, folder)
    honest, tries = service.honest, []

    def sometimes(asked: Any) -> Any:
        tries.append(asked.headers["x-hivemind-idempotency-key"])
        return Reply(b"<html>bad gateway</html>", 502, content_type="text/html") if len(tries) == 1 else honest(asked)

    service.answer("POST", ".*/query-agents", sometimes)
    assert ask(bob, service, folder).code == 0
    assert len(tries) == 2 and len(set(tries)) == 1


@pytest.mark.parametrize("name", ["source_sha256", "files_digest_sha256"])
def test_a_service_that_stored_something_else_is_not_waited_for(
    folder: Path, bob: Shell, service: LyingService, name: str
) -> None:
    service.lie("POST", ".*/query-agents", lambda answer: answer | {name: "0" * 64})
    shown = ask(bob, service, folder)
    assert shown.code == 1
    assert "the service stored another package than the one that was sent" in shown.err
    assert not service.requests("GET", "/v1/runs/.*")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "Dockerfile").unlink(), "no Dockerfile at its top"),
        (lambda folder: (folder / ".env").write_text("A=1"), "looks like secrets: .env"),
        (lambda folder: (folder / "big").write_bytes(b"x" * (packing.LARGEST_FILE + 1)), "larger than 15 MiB"),
    ],
)
def test_what_the_service_would_refuse_is_told_before_anything_is_sent(
    folder: Path, bob: Shell, service: LyingService, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(folder)
    asked = len(service.asked)
    shown = ask(bob, service, folder)
    assert shown.code == 1
    assert words in shown.err
    assert len(service.asked) == asked


def test_secrets_go_when_somebody_insists(folder: Path, bob: Shell, service: LyingService) -> None:
    (folder / ".env").write_text("A=1")
    digest = packing.pack(folder, allow_secrets=True).files_sha256
    service.finish_run = lambda row: {"attestation": service.record(row | {"_query_files_digest": digest})}
    shown = ask(bob, service, folder, "--allow-secrets")
    assert shown.code == 0
    assert "contains hidden files: .env" in shown.err


def test_a_failed_build_shows_the_end_of_its_log_and_where_the_rest_is(
    folder: Path, bob: Shell, service: LyingService
) -> None:
    failed = {"status": "failed", "outcome": "build_failed", "error": "Image build failed", "output": None}

    def end(row: dict[str, Any]) -> dict[str, Any]:
        return failed | {"attestation": service.record(row | failed)}

    service.finish_run = end
    lines = "\n".join(f"line {number}" for number in range(40)) + "\n\x1b[31mred\n"
    service.answer("GET", "/v1/room-agents/dddddddddddd/build", LOG | {"log": lines})
    shown = ask(bob, service, folder)
    assert shown.code == 4
    assert "  line 39\n" in shown.err and "  line 10\n" not in shown.err
    assert "\x1b[31m" not in shown.err
    assert 'the whole log: hmctl agents logs dddddddddddd --link "$ROOM"' in shown.err


def test_logs_are_read_as_the_bearer_and_deleted_agents_too(folder: Path, bob: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/room-agents/dddddddddddd/build", LOG | {"log": "Step 1/1\n"})
    shown = bob("agents", "logs", "dddddddddddd", "--link", service.link())
    assert (shown.code, shown.out) == (0, "Step 1/1\n")
    assert "build failed: A step failed." in shown.err
    assert service.requests("GET", ".*/build")[0].bearer == service.invite
    for told, silence in (
        ({"status": "completed"}, "(the build printed nothing)\n"),
        (
            {"status": "completed", "shared": True},
            "(nothing was built: the image of an earlier upload",
        ),
        ({"status": "running", "error": ""}, "(the build has printed nothing yet)\n"),
    ):
        service.answer("GET", "/v1/room-agents/dddddddddddd/build", LOG | {"log": ""} | told)
        assert bob("agents", "logs", "dddddddddddd", "--link", service.link()).out.startswith(silence)
    service.answer("GET", "/v1/room-agents/dddddddddddd/build", Reply({"detail": "no"}, 404))
    assert "Only its uploader may" in bob("agents", "logs", "dddddddddddd", "--link", service.link()).err
    service.agents["dddddddddddd"] = {"agent_id": "dddddddddddd"}
    assert bob("agents", "delete", "dddddddddddd", "--link", service.link(), "--yes").code == 0
    assert service.requests("DELETE", "/v1/room-agents/.*")[0].bearer == service.invite


def test_an_older_service_cannot_replay_an_answer_to_the_same_question(
    folder: Path, bob: Shell, service: LyingService
) -> None:
    """It names the runs itself, and all of its runs are one."""
    service.finish_run = signed_as(service, folder)
    service.features = ["client_nonce"]
    assert ask(bob, service, folder).code == 0

    shown = ask(bob, service, folder)

    assert shown.code == 1 and shown.out == ""
    assert "a run that was asked from here before" in shown.err


def test_a_service_that_claims_to_know_no_nonces_cannot_replay_an_answer_that_has_one(
    folder: Path, bob: Shell, service: LyingService
) -> None:
    """Somebody else asked the same with the same agent; the service names that run and hides that it knows nonces."""
    service.features = []
    finish = signed_as(service, folder)
    service.finish_run = lambda row: finish(row | {"_nonce": "ab" * 16})

    shown = ask(bob, service, folder)

    assert shown.code == 6 and shown.out == ""
    assert "made for another request" in shown.err
