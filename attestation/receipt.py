"""The verdict on a receipt, long after the run and without a connection: numbered steps, then what is proven.

Only what the result holds may be believed; nothing of the document may be read beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from attestation import verifier
from attestation.canonical import ROOM_V1
from attestation.digests import text_hash
from attestation.envelope import check_signature
from attestation.errors import BadSignature, CanonicalError, RunFieldDiffers
from attestation.evidence.checks import CheckResult, Outcome, not_checked, verified
from attestation.evidence.roots import TrustRoot
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence
from attestation.manifests.normalise import OPERATOR_UPDATES
from attestation.manifests.run_record import COMPLETED, RunArtifact, had_row_policies
from attestation.receipts.artifacts import check_artifacts
from attestation.receipts.binding import Bound, Trust, bind_signer
from attestation.receipts.consistency import check_consistency
from attestation.receipts.document import Document, take_apart
from attestation.receipts.errors import ReceiptMalformed, RoomEnvelopeMissing
from attestation.receipts.room import check_terms
from attestation.verifier import RunExpectation, VerifiedRoom, VerifiedRun

RECORD, CONSISTENCY, ROOM, OWNER, BUILD = "record signature", "consistency", "room", "owner key", "room trust"
RUN, NONCE, PROMPT, ANSWER, ARTIFACTS = "run id", "client nonce", "prompt", "answer", "artifacts"
SCOPE: Final = "scope enforcement"
_ABSENT: Final = "none was given"


@dataclass(frozen=True, kw_only=True)
class ReceiptExpectation:
    """What the holder of a receipt knows besides it. None leaves a check out, and the account then says so.

    Texts count with or without one line end after them. `signer_pubkey_b64` is a run-signer key verified
    elsewhere. `accept_development` takes an operator's word where no hardware vouches for the signer.
    """

    owner_pubkey_b64: str | None = None
    signer_pubkey_b64: str | None = None
    accept_development: bool = False
    run_id: str | None = None
    client_nonce: str | None = None
    prompt: str | None = None
    answer: str | None = None
    artifacts: tuple[RunArtifact, ...] | None = None


@dataclass(frozen=True)
class VerifiedReceipt:
    """A receipt that holds, and the account of every check. `evidence` is None when no hardware vouches for it."""

    run: VerifiedRun
    room: VerifiedRoom
    evidence: VerifiedEvidence | None
    checks: tuple[CheckResult, ...]

    @property
    def body(self) -> dict[str, Any]:
        """The signed statement, read anew from the checked bytes at each access."""
        return self.run.body

    @property
    def development(self) -> bool:
        """Whether nothing here proves anything about hardware."""
        return self.evidence is None or self.evidence.development

    @property
    def not_checked(self) -> tuple[str, ...]:
        """The names of the checks that were left out."""
        return tuple(check.name for check in self.checks if check.outcome is Outcome.NOT_CHECKED)


def verify_receipt(
    document: object, *, expect: ReceiptExpectation, at: int, roots: TrustRoot, policy: EvidencePolicy
) -> VerifiedReceipt:
    """Proves what a run was asked, answered, used and cost, under whose terms, and who says so.

    (1) The document has a receipt's parts; (2) the record is signed by the key it states; (3) the statement
    does not contradict itself; (4) that key is the one that the evidence names, or one that the caller knows or
    accepts; (5) the room's terms are signed by their owner, by the expected one when it is given, are those of
    the record, and the run kept to them; (6) their trust policy accepts the build; (7) run, nonce, prompt,
    answer and files are those that were given.

    `at` is the unix time at which evidence is judged. Raises the VerificationError of the first failed step; a
    CouldNotCheck among them is no verdict. Whether what the result lists as not checked is acceptable is left
    to the caller.
    """
    parts = take_apart(document)  # 1
    signer = _check_record(parts)  # 2
    check_consistency(parts.body)  # 3
    trust = Trust(
        at=at,
        roots=roots,
        policy=policy,
        signer_pubkey_b64=expect.signer_pubkey_b64,
        accept_development=expect.accept_development,
    )
    bound = bind_signer(parts, signer, trust=trust)  # 4
    room = _check_room(parts, expect)  # 5
    build = _check_build(room, bound)  # 6
    run = _check_run(parts, expect, signer=signer, room=room, bound=bound)  # 7
    owner = not_checked(OWNER, f"{_ABSENT}; the receipt names {room.owner_pubkey_b64}")
    checks = (
        verified(RECORD, signer),
        verified(CONSISTENCY),
        *bound.checks,
        verified(ROOM, f"{room.manifest.room_id}, version {room.manifest.serial}"),
        verified(OWNER) if expect.owner_pubkey_b64 is not None else owner,
        build,
        *_scope(parts.body),
        *_account(parts.body, expect),
    )
    return VerifiedReceipt(run, room, bound.evidence, checks)


def same_text(text: str, digest: str) -> bool:
    """Whether `digest` is the hash of the text, or of the text without the line end that printing adds."""
    bare = text.removesuffix("\n")
    return digest in (text_hash(text), text_hash(bare), text_hash(bare.removesuffix("\r")))


def _check_record(parts: Document) -> str:
    signature, signer = parts.record["signature_b64"], parts.record["signer_pubkey_b64"]
    if not isinstance(signature, str) or not isinstance(signer, str):
        raise ReceiptMalformed
    try:
        canonical = ROOM_V1.encode(parts.body)
    except CanonicalError as error:
        raise BadSignature from error
    check_signature(canonical, signature_b64=signature, signer_pubkey_b64=signer)
    if parts.body.get("signer_pubkey_b64") != signer:
        raise _differs("body_signer_differs", "signer_pubkey_b64", "The record names another signer.")
    return signer


def _check_room(parts: Document, expect: ReceiptExpectation) -> VerifiedRoom:
    if parts.room_envelope is None:
        raise RoomEnvelopeMissing
    room = verifier.verify_room(
        parts.room_envelope,
        room_id=str(parts.body.get("room_id")),
        owner_pubkey_b64=expect.owner_pubkey_b64,
    )
    if parts.body["room_manifest_hash"] != room.manifest_hash:
        raise _differs("manifest_hash_differs", "room_manifest_hash", "The run followed other room rules than these.")
    check_terms(room.manifest, parts.body)
    return room


def _check_build(room: VerifiedRoom, bound: Bound) -> CheckResult:
    compose = bound.evidence.machine.compose if bound.evidence else None
    verifier.check_trust(room.manifest, live_compose=compose.value if compose else None)
    if room.manifest.trust.mode == OPERATOR_UPDATES:
        return not_checked(BUILD, "the room accepts whatever build its operator runs")
    return verified(BUILD, "one that the room's owner allowed")


def _check_run(
    parts: Document, expect: ReceiptExpectation, *, signer: str, room: VerifiedRoom, bound: Bound
) -> VerifiedRun:
    body = parts.body
    if expect.prompt is not None and not same_text(expect.prompt, body["prompt_hash"]):
        raise _differs("prompt_differs", "prompt_hash", "The record belongs to another prompt.")
    if expect.answer is not None and not same_text(expect.answer, body["output_hash"]):
        raise _differs("output_differs", "output_hash", "The answer is not the one that was signed.")
    compose = bound.evidence.machine.compose if bound.evidence else None
    agents = room.manifest.agents
    if body["status"] != COMPLETED:  # what failed before its image was built ran in none
        agents = tuple(replace(agent, image_id="") for agent in agents)
    run = verifier.verify_run(
        parts.record,
        expect=RunExpectation(
            signer_pubkey_b64=signer,
            run_id=body["run_id"] if expect.run_id is None else expect.run_id,
            room_id=room.manifest.room_id,
            room_manifest_hash=room.manifest_hash,
            status=body["status"],
            prompt_hash=body["prompt_hash"],
            output=None,
            error=None,
            compose_hash=compose.value if compose else None,
            client_nonce=expect.client_nonce,
            agents=agents or None,
        ),
    )
    if expect.artifacts is not None:
        check_artifacts(body["artifacts"], expect.artifacts)
    return run


def _scope(body: Mapping[str, Any]) -> tuple[CheckResult, ...]:
    """What stood between the query agent and the data, where the record tells."""
    if not body.get("scope_enforcement"):
        return ()
    if had_row_policies(body):
        return (verified(SCOPE, "the database itself showed the query agent permitted rows only"),)
    return (verified(SCOPE, "a function filtered what the query agent had read; no row policies were in force"),)


def _account(body: Mapping[str, Any], expect: ReceiptExpectation) -> list[CheckResult]:
    given = {
        RUN: expect.run_id,
        NONCE: expect.client_nonce,
        PROMPT: expect.prompt,
        ANSWER: expect.answer,
        ARTIFACTS: expect.artifacts,
    }
    told = {RUN: str(body["run_id"]), ARTIFACTS: f"{len(body['artifacts'])} files"}
    return [
        not_checked(name, _ABSENT) if value is None else verified(name, told.get(name, ""))
        for name, value in given.items()
    ]


def _differs(code: str, field: str, sentence: str) -> RunFieldDiffers:
    return RunFieldDiffers(code, field, sentence)
