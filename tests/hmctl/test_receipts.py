"""`hmctl receipt`: Bob keeps what proves his answer, and checks it when the service is gone."""

import json
from pathlib import Path
from typing import Any

import pytest

from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex, text_hash
from attestation.manifests.run_record import evidence_hash, hash_error
from attestation.receipts.document import parse_receipt
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


def receipted(service: LyingService, row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A record with all that a receipt needs."""
    service_evidence: Any = service._attestation(None)  # type: ignore[arg-type]
    stated: dict[str, Any] = {
        "mediator_agent_id": "",
        "mediator_files_digest": "",
        "receipt_version": 1,
        "outcome": "completed" if row["status"] == "completed" else "query_agent_failed",
        "provider": "openrouter",
        "stages": (),
        "artifacts": (),
        "hold_micro_usd": 100,
        "cost_micro_usd": 0,
        "billing_status": "settled",
        "timestamp": 1_780_000_000,
        "asked_at_ms": 1_780_000_000_000,
        "ended_at_ms": 1_780_000_000_999,
        "evidence_sha256": evidence_hash(service_evidence),
    }
    row["billing_cost_micro_usd"] = stated["cost_micro_usd"]
    return service.record(row, **(stated | changes))


@pytest.fixture
def kept(accepted: Shell, service: LyingService, tmp_path: Path) -> Path:
    """The receipt that Bob kept with his answer."""
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    path, answer = tmp_path / "receipt.json", tmp_path / "answer.txt"
    shown = accepted("room", "ask", service.link(), "How much?", "--output", str(answer), "--receipt", str(path))
    assert shown.code == 0, shown.screen
    assert f"receipt written to {path}" in shown.err
    service.close()  # from here on nobody answers
    return path


def verify(shell: Shell, path: Path, *more: str) -> Any:
    return shell("receipt", "verify", str(path), "--accept-development", *more)


def test_a_kept_receipt_is_checked_when_the_service_is_gone(kept: Path, accepted: Shell, service: LyingService) -> None:
    answer = str(kept.with_name("answer.txt"))
    shown = verify(accepted, kept, "--answer", answer, "--owner-key", service.owner_key.public_b64)
    assert shown.code == 0, shown.screen
    for name in ("record signature", "room: room_0123456789ab", "owner key", "answer", "own notes"):
        assert f"verified     {name}" in shown.out
    assert "not checked  run signer: development signer: proves nothing about hardware" in shown.out
    assert "no hardware vouches for this service" in shown.err


def test_another_machine_says_what_it_cannot_check(kept: Path, carol: Shell) -> None:
    shown = verify(carol, kept)
    assert shown.code == 0
    assert "own notes" not in shown.out
    assert "not checked  prompt: none was given" in shown.out


def test_a_development_signer_must_be_accepted(kept: Path, carol: Shell) -> None:
    shown = carol("receipt", "verify", str(kept))
    assert shown.code == 2
    assert "development key" in shown.err
    told = json.loads(carol("receipt", "verify", str(kept), "--json").out)
    assert (told["verdict"], told["error"]["code"]) == ("could_not_check", "development_signer")


def test_another_answer_is_refused(kept: Path, carol: Shell, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("Rents fell.")
    shown = verify(carol, kept, "--answer", str(tmp_path / "other.txt"), "--json")
    assert shown.code == 1
    assert json.loads(shown.out)["error"]["code"] == "output_differs"
    assert verify(carol, tmp_path / "absent.json").code == 2


def test_programs_get_the_statement(kept: Path, accepted: Shell) -> None:
    told = json.loads(verify(accepted, kept, "--json").out)
    assert (told["verdict"], told["asked_from_here"]) == ("verified", True)
    assert told["body"]["cost_micro_usd"] == 0


def test_the_receipt_of_another_question_is_refused_by_ones_own_notes(
    accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    path = tmp_path / "receipt.json"
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    assert accepted("room", "ask", service.link(), "How much?", "--receipt", str(path)).code == 0
    row = next(iter(service.runs.values()))
    document = json.loads(path.read_text())
    document["record"] = receipted(service, row, prompt_hash=text_hash("something else"))
    path.write_bytes(ROOM_V1.encode(document))
    shown = verify(accepted, path)
    assert shown.code == 1
    assert "another prompt_hash than was asked from here" in shown.err


def test_a_failed_run_leaves_a_receipt_too(accepted: Shell, service: LyingService, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"

    def failing(row: dict[str, Any]) -> dict[str, Any]:
        row |= {"status": "failed", "error": "it exited with status 3", "output": None}
        return {"attestation": receipted(service, row, error_hash=hash_error(row["error"]))}

    service.finish_run = failing
    assert accepted("room", "ask", service.link(), "How much?", "--receipt", str(path)).code == 4
    told = json.loads(verify(accepted, path, "--json").out)
    assert (told["body"]["status"], told["body"]["outcome"]) == ("failed", "query_agent_failed")


def test_a_receipt_with_another_record_than_the_answers_is_refused(
    accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    path = tmp_path / "receipt.json"
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    service.lie(
        "GET",
        "/v1/runs/.*/receipt",
        lambda told: told | {"record": told["record"] | {"signature_b64": "AAAA"}},
    )
    shown = accepted("room", "ask", service.link(), "How much?", "--receipt", str(path))
    assert shown.code == 6
    assert not path.exists()


def test_get_prints_or_writes_the_receipt_of_a_run(accepted: Shell, service: LyingService, tmp_path: Path) -> None:
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    assert accepted("room", "ask", service.link(), "How much?").code == 0
    run_id = next(iter(service.runs))
    printed = accepted("receipt", "get", run_id, "--link", service.link())
    assert json.loads(printed.out)["record"]["body"]["run_id"] == run_id
    path = tmp_path / "receipt.json"
    assert accepted("receipt", "get", run_id, "--link", service.link(), "-o", str(path)).code == 0
    assert path.read_text() == printed.out
    parse_receipt(path.read_bytes())
    assert {asked.bearer for asked in service.requests("GET", ".*/receipt")} == {service.invite}


def test_a_printed_receipt_is_the_file_whatever_its_terms_are_written_in(
    bob: Shell, service: LyingService, tmp_path: Path
) -> None:
    service.publish(service.manifest(rules="\u200f\u05e1\u05da \u05d4\u05db\u05dc\u2028\x85", name="\u202eabc"))
    assert bob("room", "accept", service.link(), text="y\n").code == 0
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    assert bob("room", "ask", service.link(), "How much?").code == 0
    printed = bob("receipt", "get", next(iter(service.runs)), "--link", service.link())
    path = tmp_path / "receipt.json"
    path.write_bytes(printed.out.encode())

    assert "\u200f" in printed.out
    assert verify(bob, path).code == 0


def test_a_printed_answer_fits_its_receipt_whatever_it_holds(
    accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    service.output = "\x1b[31mred\x1b[0m \u200ftext\u2028\ttab"
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    path, answer = tmp_path / "receipt.json", tmp_path / "answer.txt"
    shown = accepted("room", "ask", service.link(), "How much?", "--receipt", str(path))
    answer.write_bytes(shown.out.encode())

    verified = verify(accepted, path, "--answer", str(answer))

    assert verified.code == 0 and "verified     answer" in verified.out


def test_get_tells_programs_what_it_wrote(accepted: Shell, service: LyingService, tmp_path: Path) -> None:
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    assert accepted("room", "ask", service.link(), "How much?").code == 0
    get = ("receipt", "get", next(iter(service.runs)), "--link", service.link(), "--json")
    path = tmp_path / "receipt.json"
    told = json.loads(accepted(*get, "-o", str(path)).out)

    assert accepted(*get).out == path.read_text()
    assert told == {
        "run_id": next(iter(service.runs)),
        "path": str(path),
        "size_bytes": path.stat().st_size,
        "sha256": sha256_hex(path.read_bytes()),
    }
    service.answer("GET", ".*/receipt", Reply({"detail": "gone"}, 410))
    assert json.loads(accepted(*get).out)["error"]["message"] == "410: gone"


def test_a_formatted_copy_is_refused_with_what_to_do(kept: Path, accepted: Shell) -> None:
    kept.write_text(json.dumps(json.loads(kept.read_text()), indent=2))
    shown = accepted("receipt", "verify", str(kept), "--accept-development")
    assert shown.code == 1
    assert "not byte for byte as receipts are given out" in shown.err and "not a formatted copy" in shown.err


def test_get_refuses_the_receipt_of_another_run(accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    assert accepted("room", "ask", service.link(), "How much?").code == 0
    run_id = next(iter(service.runs))
    service.lie("GET", ".*/receipt", lambda told: told | {"record": {"body": {"run_id": "0123456789ab"}}})
    assert "receipt of another run" in accepted("receipt", "get", run_id, "--link", service.link()).err


def test_a_service_without_receipts_is_told_as_such(accepted: Shell, service: LyingService) -> None:
    service.answer("GET", ".*/receipt", Reply({"detail": "Not Found"}, status=404))
    shown = accepted("receipt", "get", "0123456789ab", "--link", service.link())
    assert shown.code == 1
    assert "this service gives no receipts" in shown.err
