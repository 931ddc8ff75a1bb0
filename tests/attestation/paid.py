"""Receipts of Bob's question to Alice's room: answered by a development service, and by Olga's invented machine."""

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

from attestation import envelope
from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex, text_hash
from attestation.encoding import b64
from attestation.evidence import report_data
from attestation.evidence.bundle import DevelopmentSigner, NotReady
from attestation.evidence.verifier import EvidencePolicy
from attestation.keys import SigningKey
from attestation.manifests.room import AgentDigests, AgentRef, QueryRef, RoomManifest, TrustPolicy
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
from attestation.policy.base import NotGiven
from attestation.receipt import ReceiptExpectation, VerifiedReceipt, verify_receipt
from attestation.receipts.binding import EVIDENCE_NONCE
from tests.attestation import invented

ALICE, CAROL, SIGNER = (SigningKey.from_seed(letter * 32) for letter in (b"a", b"c", b"r"))
PROMPT, ANSWER, SENTENCE = "How many sales?", "42, and no names", "Query agent failed: it exited with status 3"
FILES = {"chart.svg": b"<svg/>", "table.csv": b"region,n\nnorth,42\n"}
GIVEN = tuple(RunArtifact(name, len(data), sha256_hex(data)) for name, data in FILES.items())
RUN_ID, NONCE = "a1b2c3d4e5f6", "ab" * 32
AT = invented.AT
AGENTS = tuple(
    AgentDigests(role, f"{role}-1", str(place) * 64, str(place + 3) * 64, f"sha256:{place}")
    for place, role in enumerate(("scope", "query", "mediator"), start=1)
)
ROOM = RoomManifest(
    room_id="room_aaaaaaaaaaaa",
    tenant_id="t_aaaaaaaaaaaa",
    name="Sales",
    rules="Only totals.",
    rules_hash=text_hash("Only totals."),
    policy="Only totals.",
    scope=AgentRef("scope-1", "inspectable"),
    query=QueryRef("fixed", "query-1", "sealed"),
    mediator=AgentRef("mediator-1", "inspectable"),
    output_visibility="querier_only",
    llm_providers=("openrouter",),
    allow_artifacts=True,
    trust=TrustPolicy("operator_updates"),
    allowed_tables=("sales",),
    created_at=AT - 1000.0,
    owner_pubkey_b64=ALICE.public_b64,
    serial=3,
    agents=AGENTS,
)
DEVELOPMENT = NotReady("no_attested_hardware", "0.3.7", DevelopmentSigner(SIGNER.public_b64)).to_wire()
POLICY = EvidencePolicy(
    platform=invented.IN_ORDER,
    os_image=NotGiven("no list"),
    build=NotGiven("no list"),
    app=NotGiven("no list"),
    key_provider=NotGiven("no list"),
)
KNOWN = ReceiptExpectation(
    owner_pubkey_b64=ALICE.public_b64,
    accept_development=True,
    run_id=RUN_ID,
    client_nonce=NONCE,
    prompt=PROMPT,
    answer=ANSWER,
    artifacts=GIVEN,
)


def stage(name: str, start: int | None, *, tokens: tuple[int, int] = (0, 0)) -> RunStage:
    return RunStage(
        name=name,
        model="vendor/model",
        started_at_ms=None if start is None else AT * 1000 + start,
        ended_at_ms=None if start is None else AT * 1000 + start + 500,
        prompt_tokens=tokens[0],
        completion_tokens=tokens[1],
        prompt_micro_usd_per_mtok=250_000,
        completion_micro_usd_per_mtok=2_000_000,
    )


BODY = RunBody(
    run_id=RUN_ID,
    status="completed",
    compose_hash="",
    room_id=ROOM.room_id,
    room_manifest_hash="",
    scope_agent_id="scope-1",
    scope_files_digest="4" * 64,
    scope_attested_files_digest="4" * 64,
    query_agent_id="query-1",
    query_files_digest="5" * 64,
    query_attested_files_digest="5" * 64,
    output_visibility="querier_only",
    allowed_llm_providers=("openrouter",),
    artifacts_enabled=True,
    room_vault_item_count=2,
    scope_mode="fast",
    scope_mode_reason="default_fast_path",
    query_inspection_mode="sealed",
    prompt_hash=text_hash(PROMPT),
    output_hash=text_hash(ANSWER),
    error_hash="",
    timestamp=AT + 2,
    mediator_agent_id="mediator-1",
    mediator_files_digest="6" * 64,
    agents=tuple(RunAgent(a.role, a.agent_id, a.source_sha256, a.image_id) for a in AGENTS),
    client_nonce=NONCE,
    models={"scope": "vendor/model", "query": "vendor/model", "mediator": "vendor/model"},
    container_runtime="runsc",
    guard_verdicts={"allow": 3, "deny": 1},
    artifacts=tuple(
        sorted((dataclasses.replace(f, filename=hidden_name(f.filename)) for f in GIVEN), key=lambda f: f.filename)
    ),
    signer_kind="development",
    usage={"calls": 1, "total_tokens": 3_000},
    cost_micro_usd=4_251,
    receipt_version=1,
    outcome="completed",
    provider="openrouter",
    stages=(stage("scope", 100, tokens=(1, 0)), stage("query", 600, tokens=(1_000, 2_000)), stage("mediator", 1_500)),
    hold_micro_usd=2_000_000,
    billing_status="settled",
    asked_at_ms=AT * 1000,
    ended_at_ms=AT * 1000 + 2_017,
)
CANCELLED: dict[str, Any] = {
    "status": "failed",
    "outcome": "cancelled",
    "output_hash": text_hash(""),
    "error_hash": hash_error("The run was cancelled"),
    "artifacts": (),
    "stages": tuple(stage(name, None) for name in ("scope", "query", "mediator")),
    "agents": tuple(RunAgent(a.role, a.agent_id, a.source_sha256, "") for a in AGENTS),
    "cost_micro_usd": 0,
    "client_nonce": None,
}


def receipt(
    *,
    room: RoomManifest = ROOM,
    owner: SigningKey = ALICE,
    signer: SigningKey = SIGNER,
    evidence: dict[str, Any] | None = DEVELOPMENT,
    **changes: Any,
) -> dict[str, Any]:
    """An honest receipt of a development service, with these members of the statement replaced."""
    signed = envelope.sign(room.to_wire(), key=owner)
    stated: dict[str, Any] = {"room_manifest_hash": signed["manifest_hash"], "evidence_sha256": evidence_hash(evidence)}
    body = dataclasses.replace(BODY, **(stated | changes))
    return {
        "receipt_version": 1,
        "record": sign_run(body, key=signer),
        "evidence": evidence,
        "room_envelope": signed,
        "collateral": None,
    }


def of_a_machine(*, bundle: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The same question, answered by Olga's machine under its development root."""
    if bundle is None:
        quoted = report_data.build_v3(invented.binding(nonce=EVIDENCE_NONCE))
        bundle = invented.bundle(invented.quote(quoted)).to_wire()
    stated = {"compose_hash": invented.COMPOSE, "signer_kind": "dstack"}
    document = receipt(evidence=bundle, **(stated | changes))
    return document | {"collateral": json.loads(invented.collateral().to_json())}


def resigned(document: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A lie of the signer itself: the statement changed and signed again."""
    lie = copy.deepcopy(document)
    change(lie["record"]["body"])
    lie["record"]["signature_b64"] = b64(SIGNER.sign(ROOM_V1.encode(lie["record"]["body"])))
    return lie


def check(document: object, expect: ReceiptExpectation = KNOWN, **changes: Any) -> VerifiedReceipt:
    terms: dict[str, Any] = {"at": AT + 10, "roots": invented.authority().trust_root, "policy": POLICY}
    return verify_receipt(document, expect=expect, **(terms | changes))


def known(**changes: Any) -> ReceiptExpectation:
    return dataclasses.replace(KNOWN, **changes)
