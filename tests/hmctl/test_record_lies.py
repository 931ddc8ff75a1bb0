"""An answer is shown only if its signed record says exactly this run, question, terms, outcome and text."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from attestation.digests import sha256_hex, text_hash
from attestation.keys import SigningKey
from attestation.manifests.room import AgentDigests
from attestation.manifests.run_record import RunAgent
from tests.hmctl.lying_service import EMPTY_DIGEST, LyingService
from tests.hmctl.shell import Shell

Row = dict[str, Any]
Lie = Callable[[LyingService, Row], Row]


def _re_signed(**changes: Any) -> Lie:
    return lambda service, row: {"attestation": service.record(row, **changes)}


def _unsigned(service: LyingService, row: Row) -> Row:
    return {"attestation": "none"}


def _without_signature(service: LyingService, row: Row) -> Row:
    return {"attestation": service.record(row) | {"signature_b64": ""}}


def _other_signer(service: LyingService, row: Row) -> Row:
    return {"attestation": service.record(row, key=SigningKey.generate())}


def _other_signer_under_the_right_name(service: LyingService, row: Row) -> Row:
    forged = service.record(row, key=SigningKey.generate())
    return {"attestation": forged | {"signer_pubkey_b64": service.signer.public_b64}}


def _body_changed_after_signing(service: LyingService, row: Row) -> Row:
    record = service.record(row)
    return {"attestation": record | {"body": record["body"] | {"scope_mode": "rehearsed"}}}


def _output_changed(service: LyingService, row: Row) -> Row:
    return {"attestation": service.record(row), "output": "Rents fell by 4 percent."}


def _output_withheld(service: LyingService, row: Row) -> Row:
    return {"attestation": service.record(row), "output": None}


def _failure_sold_as_success(service: LyingService, row: Row) -> Row:
    return {"attestation": service.record(row | {"status": "failed"})}


def _success_sold_as_failure(service: LyingService, row: Row) -> Row:
    return {"attestation": service.record(row), "status": "failed", "error": "out of memory"}


def _failure_without_record(service: LyingService, row: Row) -> Row:
    return {"attestation": "none", "status": "failed", "error": "out of memory", "output": None}


def _failure_with_another_reason(service: LyingService, row: Row) -> Row:
    failed = row | {"status": "failed", "error": "out of memory", "output": None}
    return failed | {"attestation": service.record(failed), "error": "pay again"}


def _without_nonce(service: LyingService, row: Row) -> Row:
    return {"attestation": service.record(row | {"_nonce": None})}


LIES: dict[str, tuple[Lie, str]] = {
    "no record": (_unsigned, "no signed record"),
    "no signature": (_without_signature, "incomplete"),
    "another signer": (_other_signer, "another key"),
    "another signer under the right name": (_other_signer_under_the_right_name, "forged or altered"),
    "body changed after signing": (_body_changed_after_signing, "forged or altered"),
    "output changed": (_output_changed, "output was changed"),
    "output withheld": (_output_withheld, "does not give it"),
    "record of another run": (_re_signed(run_id="0123456789ab"), "another run"),
    "record of another prompt": (_re_signed(prompt_hash=text_hash("something else")), "another prompt"),
    "record of another room": (_re_signed(room_id="room_ffffffffffff"), "another room"),
    "record under other terms": (_re_signed(room_manifest_hash="0" * 64), "other room rules"),
    "record without the nonce": (_without_nonce, "nothing about client_nonce"),
    "record with another nonce": (_re_signed(client_nonce="00" * 32), "replayed"),
    "failure sold as success": (_failure_sold_as_success, "outcome"),
    "success sold as failure": (_success_sold_as_failure, "outcome"),
    "failure without record": (_failure_without_record, "no signed record"),
    "failure with another reason": (_failure_with_another_reason, "error text was changed"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_the_run_is_refused(name: str, accepted: Shell, service: LyingService) -> None:
    lie, reason = LIES[name]
    service.finish_run = lambda row: lie(service, row)

    shown = accepted("room", "ask", service.link(), "How much?", "--json")

    document = json.loads(shown.out)
    assert shown.code == 6
    assert list(document) == ["status", "run_id", "reason", "code", "check"]
    assert document["code"] and document["check"]
    assert document["status"] == "attestation_failed"
    assert reason in document["reason"]
    assert "4 percent" not in shown.out + shown.err


def test_a_replayed_answer_of_an_earlier_run_is_refused(accepted: Shell, service: LyingService) -> None:
    service.features = []
    assert accepted("room", "ask", service.link(), "How much?").code == 0
    old = next(iter(service.runs.values()))
    service.finish_run = lambda row: {"attestation": old["attestation"], "output": old["output"]}

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 6
    assert "replayed" in shown.err
    assert shown.out == ""


def test_a_service_that_answers_with_an_old_run_id_is_refused(accepted: Shell, service: LyingService) -> None:
    service.lie("POST", ".*/runs", lambda body: body | {"run_id": "0123456789ab"})

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert "another run than the one submitted" in shown.err


def test_a_row_of_another_run_is_refused(accepted: Shell, service: LyingService) -> None:
    service.lie("GET", "/v1/runs/.*", lambda row: row | {"run_id": "0123456789ab"})

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 6
    assert "another run" in shown.err


def test_no_strict_shows_the_answer_and_says_that_it_is_not_verified(accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda row: _other_signer(service, row)

    shown = accepted("room", "ask", service.link(), "How much?", "--no-strict-attestation")
    document = json.loads(accepted("room", "ask", service.link(), "How much?", "--no-strict-attestation", "--json").out)

    assert (shown.code, shown.out) == (0, "Rents rose by 4 percent.\n")
    assert "!! not verified: The run was signed by another key" in shown.err
    assert document["attestation_ok"] is False
    assert "another key" in document["attestation_reason"]


def test_an_honest_failure_is_told_with_its_reason(accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda row: {"status": "failed", "error": "the query agent hung", "output": None}

    shown = accepted("room", "ask", service.link(), "How much?")
    as_json = accepted("room", "ask", service.link(), "How much?", "--json")

    assert shown.code == as_json.code == 4
    assert "✓ verified: " in shown.err and "error: the query agent hung\n" in shown.err
    run_id = list(service.runs)[-1]
    assert as_json.out == json.dumps({"status": "failed", "error": "the query agent hung", "run_id": run_id}) + "\n"


def test_a_run_that_never_ends_is_a_timeout(accepted: Shell, service: LyingService) -> None:
    service.polls_until_done = 10_000

    shown = accepted("room", "ask", service.link(), "How much?", "--timeout", "10", "--json")

    assert shown.code == 5
    assert shown.out == json.dumps({"status": "timeout", "run_id": next(iter(service.runs))}) + "\n"
    assert sum(accepted.clock.slept) >= 140


SOURCE = sha256_hex(b"the source that the owner signed")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"agents": None}, 6),
        ({"agents": (RunAgent("scope", "aaaaaaaaaaaa", sha256_hex(b"another source"), ""),)}, 6),
        ({"agents": (RunAgent("scope", "cccccccccccc", SOURCE, ""),)}, 6),
        ({"scope_agent_id": "cccccccccccc"}, 6),
        ({"scope_files_digest": sha256_hex(b"other files")}, 6),
    ],
)
def test_the_agents_that_ran_are_those_the_owner_signed(
    changes: dict[str, Any], code: int, bob: Shell, service: LyingService
) -> None:
    digests = AgentDigests("scope", "aaaaaaaaaaaa", SOURCE, EMPTY_DIGEST)
    service.publish(service.manifest(agents=(digests,), serial=2))
    assert bob("room", "accept", service.link()).code == 0
    service.finish_run = lambda row: {"attestation": service.record(row, **changes)}

    assert bob("room", "ask", service.link(), "How much?").code == code


def test_a_service_without_signer_is_not_asked_at_all(accepted: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/attestation", {"ready": False, "reason": "-", "hivemind_version": "0.3.7"})

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 4
    assert "names no key that signs its runs" in shown.err
    assert service.requests("POST", ".*") == []
