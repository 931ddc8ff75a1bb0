"""What a hostile service may attach to a run, and that Bob believes only a record of exactly his run."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from attestation.canonical import ROOM_V1
from attestation.digests import text_hash
from attestation.encoding import b64, unb64
from attestation.errors import CouldNotCheck, RunFieldMissing, RunSignerUnknown, VerificationError
from attestation.keys import SigningKey
from attestation.manifests.room import AgentDigests
from attestation.manifests.run_record import RunAgent, RunBody, hash_error, sign_run
from attestation.verifier import RunExpectation, VerifiedRun, verify_run

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "run_records.json").read_text())
CASES = GOLDEN["verification"]
RECORD = GOLDEN["completed"]["envelope"]
OTHER = "0" * 64
SIGNER = SigningKey.from_seed(b"r" * 32)
SCOPE = AgentDigests("scope", "scope-1", "1" * 64, "2" * 64, "sha256:1")
QUERY = AgentDigests("query", "query-1", "3" * 64, "4" * 64, "sha256:3")
MEDIATOR = AgentDigests("mediator", "mediator-1", "5" * 64, "6" * 64)
BODY = RunBody(
    run_id="a" * 12,
    status="completed",
    compose_hash="",
    room_id="room_aaaaaaaaaaaa",
    room_manifest_hash="7" * 64,
    scope_agent_id="scope-1",
    scope_files_digest=SCOPE.files_sha256,
    scope_attested_files_digest=SCOPE.files_sha256,
    query_agent_id="query-1",
    query_files_digest=QUERY.files_sha256,
    query_attested_files_digest=QUERY.files_sha256,
    output_visibility="querier_only",
    allowed_llm_providers=("openrouter",),
    artifacts_enabled=False,
    room_vault_item_count=0,
    scope_mode="fast",
    scope_mode_reason="default_fast_path",
    query_inspection_mode="sealed",
    prompt_hash=text_hash("How many?"),
    output_hash=text_hash("42"),
    error_hash="",
    timestamp=1_760_000_000,
    mediator_agent_id="mediator-1",
    mediator_files_digest=MEDIATOR.files_sha256,
    agents=tuple(
        RunAgent(a.role, a.agent_id, a.source_sha256, a.image_id or "sha256:5") for a in (SCOPE, QUERY, MEDIATOR)
    ),
    client_nonce="nonce-1",
)
EXPECT = RunExpectation(
    signer_pubkey_b64=SIGNER.public_b64,
    run_id=BODY.run_id,
    room_id=BODY.room_id,
    room_manifest_hash=BODY.room_manifest_hash,
    status="completed",
    prompt_hash=BODY.prompt_hash,
    output="42",
    error="",
    compose_hash="",
    client_nonce="nonce-1",
    agents=(SCOPE, QUERY, MEDIATOR),
)


def verify(record: object, **changes: Any) -> VerifiedRun:
    return verify_run(record, expect=dataclasses.replace(EXPECT, **changes))


def signed(**changes: Any) -> dict[str, Any]:
    return sign_run(dataclasses.replace(BODY, **changes), key=SIGNER)


def golden_record(case: str) -> object:
    """The record that a golden case is about."""
    record = copy.deepcopy(RECORD)
    if case == "no envelope":
        return None
    if case == "envelope without signature":
        del record["signature_b64"]
    if case == "run_id in body changed":
        record["body"]["run_id"] = "ffffffffffff"
    if case == "signature bit flipped":
        raw = bytearray(unb64(record["signature_b64"]))
        raw[0] ^= 1
        record["signature_b64"] = b64(bytes(raw))
    return record


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_each_defect_has_its_own_verdict(case: dict[str, Any]) -> None:
    expected = case["expected"]
    expect = RunExpectation(
        signer_pubkey_b64=expected["expected_pubkey_b64"],
        run_id=RECORD["body"]["run_id"],
        room_id=expected["expected_room_id"],
        room_manifest_hash=expected["expected_room_manifest_hash"],
        status="completed",
        prompt_hash=RECORD["body"]["prompt_hash"],
        output=expected["expected_output"],
        error="",
        compose_hash=expected["expected_compose_hash"],
        client_nonce=None,
        agents=None,
    )
    if case["ok"]:
        verified = verify_run(golden_record(case["case"]), expect=expect)
        assert verified.canonical.decode() == GOLDEN["completed"]["canonical_text"]
        assert verified.unchecked == ("client_nonce", "agents")
        return
    with pytest.raises(VerificationError) as refused:
        verify_run(golden_record(case["case"]), expect=expect)
    assert refused.value.code == case["result_code"]


def test_bob_s_own_run_verifies_completely() -> None:
    record = signed()
    verified = verify(record)
    assert verified.body == record["body"]
    assert verified.unchecked == ()
    verified.body["status"] = "failed"
    assert verified.body["status"] == "completed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"run_id": "b" * 12}, "run_id_differs"),
        ({"client_nonce": "nonce-0"}, "nonce_differs"),
        ({"prompt_hash": text_hash("Who?")}, "prompt_differs"),
        ({"status": "failed"}, "status_differs"),
        ({"room_id": "room_bbbbbbbbbbbb"}, "room_id_differs"),
        ({"room_manifest_hash": OTHER}, "manifest_hash_differs"),
        ({"output_hash": text_hash("41")}, "output_differs"),
        ({"compose_hash": OTHER}, "compose_hash_differs"),
        ({"error_hash": hash_error("x")}, "error_differs"),
        ({"scope_files_digest": OTHER}, "agent_differs"),
        ({"mediator_files_digest": OTHER}, "agent_differs"),
        ({"query_agent_id": "query-2"}, "agent_differs"),
        ({"mediator_agent_id": ""}, "agent_differs"),
    ],
)
def test_a_genuine_record_of_another_run_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(VerificationError) as refused:
        verify(signed(**changes))
    assert refused.value.code == code
    assert not isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize("field", ["agent_id", "source_sha256", "image_id"])
@pytest.mark.parametrize("index", [0, 1])
def test_an_agent_with_another_source_or_image_than_signed_is_refused(field: str, index: int) -> None:
    agents = list(BODY.agents or ())
    agents[index] = dataclasses.replace(agents[index], **{field: OTHER})
    with pytest.raises(VerificationError) as refused:
        verify(signed(agents=tuple(agents)))
    assert refused.value.code == "agent_differs"


def test_an_image_that_was_not_built_at_signing_is_not_compared() -> None:
    assert MEDIATOR.image_id == ""
    verify(signed(), agents=(MEDIATOR,))


@pytest.mark.parametrize(
    "changes",
    [
        {"client_nonce": None},
        {"agents": None},
        {"agents": (BODY.agents or ())[:1]},
        {"agents": (BODY.agents or ()) * 2},
        {"mediator_agent_id": None},
    ],
)
def test_a_record_silent_about_what_must_be_checked_does_not_pass(changes: dict[str, Any]) -> None:
    with pytest.raises(RunFieldMissing):
        verify(signed(**changes))


def test_a_failed_run_is_held_to_the_same_steps() -> None:
    failed = {"status": "failed", "output_hash": text_hash(""), "error_hash": hash_error("no budget")}
    expected = {"status": "failed", "output": "", "error": "no budget"}
    verify(signed(**failed), **expected)
    for lie in ({"error": "the owner refused"}, {"output": "42"}, {"status": "completed"}):
        with pytest.raises(VerificationError):
            verify(signed(**failed), **(expected | lie))


def test_without_a_proven_signer_nothing_is_proven() -> None:
    with pytest.raises(RunSignerUnknown) as refused:
        verify(signed(), signer_pubkey_b64="")
    assert isinstance(refused.value, CouldNotCheck)


def test_a_record_signed_by_anybody_else_is_refused(carol: SigningKey) -> None:
    forged = sign_run(BODY, key=carol)
    for record in (forged, forged | {"signer_pubkey_b64": SIGNER.public_b64}):
        with pytest.raises(VerificationError):
            verify(record)


def test_a_body_that_names_another_signer_than_the_one_who_signed_it_is_refused(carol: SigningKey) -> None:
    body = signed()["body"] | {"signer_pubkey_b64": carol.public_b64}
    record = {"body": body, "signature_b64": b64(SIGNER.sign(ROOM_V1.encode(body)))}
    with pytest.raises(VerificationError) as refused:
        verify(record | {"signer_pubkey_b64": SIGNER.public_b64})
    assert refused.value.code == "body_signer_differs"


def test_what_was_not_compared_is_named() -> None:
    verified = verify(signed(), output=None, error=None, compose_hash=None, client_nonce=None, agents=())
    assert verified.unchecked == ("output", "error", "compose_hash", "client_nonce", "agents")


@pytest.mark.parametrize("record", [None, 5, "x", [], [RECORD]])
def test_no_record_is_not_a_record(record: object) -> None:
    with pytest.raises(VerificationError) as refused:
        verify(record)
    assert refused.value.code == "no_envelope"


@pytest.mark.parametrize(
    "changes", [{"body": None}, {"body": {}}, {"body": "x"}, {"signer_pubkey_b64": 5}, {"signature_b64": ""}]
)
def test_a_record_with_parts_missing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(VerificationError) as refused:
        verify(signed() | changes)
    assert refused.value.code == "envelope_incomplete"


@given(st.sampled_from(sorted(signed()["body"])), st.sampled_from(["x", "", None, 5, [], {"a": "\ud800"}]))
def test_no_member_of_the_body_can_be_changed(name: str, value: Any) -> None:
    record = signed()
    assume(record["body"][name] != value)
    record["body"] = record["body"] | {name: value}
    with pytest.raises(VerificationError):
        verify(record)
