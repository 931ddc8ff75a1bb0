import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from attestation.canonical import PIN_V1, ROOM_V1
from attestation.digests import sha256_hex, text_hash
from attestation.errors import ManifestError
from attestation.keys import SigningKey, derive_run_signer
from attestation.manifests.run_record import (
    RunAgent,
    RunArtifact,
    RunBody,
    RunStage,
    evidence_hash,
    hash_error,
    hidden_name,
    sign_run,
)

VECTORS = Path(__file__).parents[1] / "vectors"
GOLDEN = json.loads((VECTORS / "run_records.json").read_text())
GUEST_KEY = bytes.fromhex(json.loads((VECTORS / "keys.json").read_text())["run_signer"]["kms_key_hex"])
STAGE = RunStage(
    name="query",
    model="some/model",
    started_at_ms=1,
    ended_at_ms=None,
    prompt_tokens=5,
    completion_tokens=0,
    prompt_micro_usd_per_mtok=None,
    completion_micro_usd_per_mtok=0,
)
NAMES = ("completed", "failed")


def body_of(name: str, **changes: Any) -> RunBody:
    """The golden body as a value."""
    wire = dict(GOLDEN[name]["envelope"]["body"]) | changes
    del wire["schema_version"]
    return RunBody(**wire | {"allowed_llm_providers": tuple(wire["allowed_llm_providers"])})


@pytest.mark.parametrize("name", NAMES)
def test_a_record_without_our_members_has_the_bytes_published_clients_know(name: str) -> None:
    golden = GOLDEN[name]
    record = sign_run(body_of(name, signer_pubkey_b64=""), key=derive_run_signer(GUEST_KEY))
    canonical = ROOM_V1.encode(record["body"])
    assert len(record["body"]) == 24
    assert canonical.decode() == golden["canonical_text"]
    assert sha256_hex(canonical) == golden["body_sha256"]
    assert record == golden["envelope"]
    assert PIN_V1.encode(record).decode() == golden["stored_jsonb_text"]


@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_hashed_as_it_is_shown(name: str) -> None:
    assert text_hash(GOLDEN[name]["output"]) == GOLDEN[name]["envelope"]["body"]["output_hash"]


def test_our_members_stand_beside_the_old_ones() -> None:
    ours: dict[str, Any] = {
        "mediator_agent_id": "m",
        "mediator_files_digest": "1" * 64,
        "agents": (RunAgent("scope", "scope-a", "2" * 64, "sha256:3"),),
        "client_nonce": "n",
        "models": {"query": "some/model"},
        "container_runtime": "runsc",
        "guard_verdicts": {"denied": 2},
        "artifacts": (RunArtifact("a.pdf", 5, "4" * 64),),
        "signer_kind": "development",
        "usage": {"query": {"input_tokens": 5}},
        "cost_micro_usd": 0,
        "receipt_version": 1,
        "outcome": "completed",
        "provider": "openrouter",
        "stages": (STAGE,),
        "hold_micro_usd": 7,
        "billing_status": "settled",
        "asked_at_ms": 1,
        "ended_at_ms": 3,
        "evidence_sha256": "5" * 64,
        "scope_enforcement": ("scope_fn", "row_policies"),
        "row_policies_sha256": "6" * 64,
    }
    wire = body_of("completed", **ours).to_wire()
    assert wire.keys() == body_of("completed").to_wire().keys() | ours.keys()
    assert wire["agents"] == [
        {"role": "scope", "agent_id": "scope-a", "source_sha256": "2" * 64, "image_id": "sha256:3"}
    ]
    assert wire["artifacts"] == [{"filename": "a.pdf", "size_bytes": 5, "sha256": "4" * 64}]
    assert wire["cost_micro_usd"] == 0
    assert wire["stages"] == [dataclasses.asdict(STAGE)]
    assert ROOM_V1.decode_strict(ROOM_V1.encode(wire)) == wire


def test_empty_is_not_the_same_as_not_stated() -> None:
    assert body_of("completed", artifacts=(), client_nonce="").to_wire()["artifacts"] == []
    assert "artifacts" not in body_of("completed").to_wire()


def test_a_body_that_names_another_signer_is_not_signed(carol: SigningKey) -> None:
    with pytest.raises(ManifestError) as refused:
        sign_run(body_of("completed"), key=carol)
    assert refused.value.field == "signer_pubkey_b64"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": "running"}, "status"),
        ({"prompt_hash": ""}, "prompt_hash"),
        ({"output_hash": "x"}, "output_hash"),
        ({"scope_files_digest": ""}, "scope_files_digest"),
        ({"query_files_digest": ""}, "query_files_digest"),
        ({"mediator_agent_id": "m"}, "mediator_files_digest"),
        ({"mediator_agent_id": "m", "mediator_files_digest": ""}, "mediator_files_digest"),
    ],
)
def test_a_digest_that_could_not_be_made_stops_the_signing(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ManifestError) as refused:
        sign_run(body_of("completed", **changes), key=derive_run_signer(GUEST_KEY))
    assert refused.value.field == field


def test_a_run_that_failed_before_its_agents_were_read_is_still_signed() -> None:
    body = dataclasses.replace(body_of("failed"), query_files_digest="", query_attested_files_digest="")
    assert sign_run(body, key=derive_run_signer(GUEST_KEY))["body"]["query_files_digest"] == ""


def test_an_error_counts_with_its_first_500_characters() -> None:
    assert hash_error("") == ""
    assert hash_error("ü" * 501) == hash_error("ü" * 500) == text_hash("ü" * 500)
    assert hash_error("ü" * 499) != hash_error("ü" * 500)


def test_a_hidden_file_name_is_no_file_name_and_always_the_same() -> None:
    assert hidden_name("report.csv") == "sha256:" + text_hash("report.csv")
    assert hidden_name("report.csv") != hidden_name("report.cs")


def test_evidence_counts_with_its_content_and_not_with_its_order() -> None:
    assert evidence_hash({"a": 1, "b": [2]}) == evidence_hash({"b": [2], "a": 1})
    assert evidence_hash({"a": 1, "b": [2]}) != evidence_hash({"a": 1, "b": [3]})
    assert evidence_hash(None) == sha256_hex(b"null")
