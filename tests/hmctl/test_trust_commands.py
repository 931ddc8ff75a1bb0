"""`trust show`, `attest`, `approve` and `reset`: nothing is approved before it is proven, every check is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hmctl.enclave import Enclave
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


@pytest.fixture
def enclave(service: LyingService, alice: Shell, tmp_path: Path) -> Enclave:
    made = Enclave(service)
    made.equip(alice, tmp_path)
    return made


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in document["checks"]}


def test_attest_names_every_check_of_evidence_that_holds(alice: Shell, enclave: Enclave) -> None:
    shown = alice("trust", "attest", "--json")

    document = json.loads(shown.out)
    told = outcomes(document)
    assert (shown.code, document["verdict"], document["error"]) == (0, "verified", None)
    assert document["proven"]["compose_hash"] == enclave.build
    assert told["quote signature"] == told["nonce"] == told["compose hash"] == told["run signer and keys"] == "verified"
    assert told["os image"] == told["tls channel"] == told["build approval"] == "not_checked"
    assert [check["number"] for check in document["checks"]] == list(range(1, len(told) + 1))
    assert all(check["detail"] for check in document["checks"] if check["outcome"] == "not_checked")
    assert not [asked for asked in enclave.service.asked if asked.bearer]


def test_attest_is_as_complete_for_people(alice: Shell, enclave: Enclave) -> None:
    shown = alice("trust", "attest")

    assert shown.code == 0
    assert enclave.build in shown.out and enclave.facts.app_id in shown.out
    assert "not checked  os image" in shown.out and "verified     quote signature" in shown.out
    assert "proved build" in shown.err


def test_attest_of_evidence_that_fails_names_the_check_and_claims_nothing_else(alice: Shell, enclave: Enclave) -> None:
    honest: Any = enclave.answer

    def other_build(asked: Any) -> Any:
        body = honest(asked)
        body["attestation"]["event_log_json"] = body["attestation"]["event_log_json"].replace("b1b1", "b2b2")
        return body

    enclave.service.answer("GET", "/v1/attestation", other_build)
    shown = alice("trust", "attest", "--json")

    document = json.loads(shown.out)
    told = outcomes(document)
    assert (shown.code, document["verdict"], document["proven"]) == (4, "refused", {})
    assert told.pop("event log") == "failed" and set(told.values()) == {"undecided"}
    assert document["error"]["check"] == "event log" and document["error"]["exit"] == 4
    human = alice("trust", "attest")
    assert human.code == 4 and "failed" in human.out and "error:" in human.err


def test_attest_of_a_service_without_evidence_is_no_success(alice: Shell, service: LyingService) -> None:
    shown = alice("trust", "attest", "--json")

    document = json.loads(shown.out)
    assert (shown.code, document["verdict"]) == (4, "no_evidence")
    assert "no guest agent" in document["error"]["message"]


def test_raw_prints_the_answer_untouched_and_says_so(alice: Shell, service: LyingService) -> None:
    service.lie("GET", "/v1/attestation", lambda body: body | {"more": "things"})

    shown = alice("trust", "attest", "--raw")

    assert shown.code == 0 and json.loads(shown.out)["more"] == "things"
    assert "nothing of it was verified" in shown.err


def test_attest_says_when_nobody_answers(alice: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/attestation", Reply({"detail": "down"}, 503))
    assert alice("trust", "attest").code == 3
    assert alice("trust", "attest", "--service", "http://127.0.0.1:9").code == 2


def test_development_evidence_is_shown_for_what_it_is_and_cannot_be_approved(
    alice: Shell, service: LyingService
) -> None:
    Enclave(service, kind="development")

    attested = alice("trust", "attest", "--json")
    approved = alice("trust", "approve", "-y", "--json")

    assert (attested.code, json.loads(attested.out)["verdict"]) == (0, "development")
    assert "!! DEVELOPMENT" in attested.err
    assert approved.code == 4 and json.loads(approved.out)["error"]["code"] == "development_refused"
    assert not (alice.home / "trust.json").exists()


def test_approve_shows_what_is_approved_and_stores_only_after_a_yes(alice: Shell, enclave: Enclave) -> None:
    refused = alice("trust", "approve", text="n\n")
    assert refused.code == 1 and not (alice.home / "trust.json").exists()
    for told in (enclave.build, enclave.facts.app_id, "kms", "UpToDate", "Not checked", "os image"):
        assert told in refused.err

    agreed = alice("trust", "approve", text="y\n")

    assert agreed.code == 0 and enclave.build in agreed.out
    assert (alice.home / "trust.json").stat().st_mode & 0o777 == 0o600
    assert alice("balance").code == 0
    assert json.loads(alice("trust", "attest", "--json").out)["checks"][-1]["outcome"] == "verified"


def test_approving_a_new_build_names_the_previous_one(alice: Shell, enclave: Enclave) -> None:
    first = enclave.build
    assert alice("trust", "approve", "-y").code == 0
    enclave.upgrade("ee" * 32)
    assert alice("balance").code == 4

    shown = alice("trust", "approve", "-y", "--json")

    document = json.loads(shown.out)
    assert (document["approved"], document["previous"]["compose_hash"]) == (True, first)
    assert f"Previously: {first}" in " ".join(shown.err.split())
    listed = json.loads(alice("trust", "show", enclave.service.url, "--json").out)
    assert listed["approved_compose_hash"] == "ee" * 32 and listed["history"][0]["hash"] == first


def test_evidence_that_fails_is_never_approved(alice: Shell, enclave: Enclave) -> None:
    enclave.service.answer("GET", "/v1/attestation", lambda asked: _stale(enclave, asked))

    shown = alice("trust", "approve", "-y", "--json")

    assert shown.code == 4 and json.loads(shown.out)["error"]["check"] == "report data"
    assert not (alice.home / "trust.json").exists()


def _stale(enclave: Enclave, asked: Any) -> Any:
    asked.query["nonce"] = "00" * 31 + "01"
    return enclave.answer(asked)


def test_show_and_reset(alice: Shell, enclave: Enclave) -> None:
    url = enclave.service.url
    assert json.loads(alice("trust", "show", "--json").out) == {}
    assert alice("trust", "show", url).code == 1
    alice("trust", "approve", "-y")

    assert enclave.build in alice("trust", "show").out
    assert alice("trust", "reset").code == 1
    assert json.loads(alice("trust", "reset", url, "--json").out) == {"forgotten": [url]}
    assert json.loads(alice("trust", "show", "--json").out) == {}


def test_a_damaged_store_is_an_error(alice: Shell, enclave: Enclave) -> None:
    alice("trust", "approve", "-y")
    (alice.home / "trust.json").write_text('{"version": 1}')

    for command in (("show",), ("approve", "-y"), ("reset", "--all")):
        shown = alice("trust", *command, "--json")
        assert shown.code == 1 and json.loads(shown.out)["error"]["code"] == "store_damaged"
