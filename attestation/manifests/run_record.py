"""The signed record of one run: what ran, under which rules, on what input, with what result.

24 members belong to the wire format and are always there. The others are ours and appear only when they are
set, so that a record without them has the bytes that published clients know.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex, text_hash
from attestation.encoding import b64
from attestation.errors import ManifestError
from attestation.keys import SigningKey
from attestation.reading import SHA256_HEX

SCHEMA_VERSION: Final = 1
COMPLETED: Final = "completed"
FAILED: Final = "failed"
SIGNER_DEVELOPMENT: Final = "development"
MAX_ERROR_CHARACTERS: Final = 500
RECEIPT_VERSION: Final = 1
SCOPE_FN: Final = "scope_fn"
ROW_POLICIES: Final = "row_policies"
_HIDDEN_NAME: Final = "sha256:"


@dataclass(frozen=True)
class RunAgent:
    """What one role's agent was when it ran."""

    role: str
    agent_id: str
    source_sha256: str
    image_id: str


@dataclass(frozen=True)
class RunArtifact:
    """One file that left with the output. `filename` is `hidden_name` of it where not every reader may know it."""

    filename: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RunStage:
    """One stage: when it ran (unix milliseconds, None if it did not), what it used, at which prices.

    A price of None means that the model had none when the run was quoted: its tokens are not charged.
    """

    name: str
    model: str
    started_at_ms: int | None
    ended_at_ms: int | None
    prompt_tokens: int
    completion_tokens: int
    prompt_micro_usd_per_mtok: int | None
    completion_micro_usd_per_mtok: int | None


@dataclass(frozen=True, kw_only=True)
class RunBody:
    """The statement to sign. `timestamp` is whole unix seconds; `""` stands for a digest that does not apply.

    Everything from `mediator_agent_id` on is ours and left out of the wire form while None. `guard_verdicts`
    counts decisions by name, `models` names the model of each stage. `outcome` is the status or the stable code
    of a failure. `billing_status` says whether `cost_micro_usd` was charged against the hold. `evidence_sha256`
    is `evidence_hash` of what the service offered as evidence. `scope_enforcement` names what stood between the query
    stage and the data, `SCOPE_FN` and `ROW_POLICIES`; `row_policies_sha256` says which policies those were.
    """

    run_id: str
    status: str
    compose_hash: str
    room_id: str
    room_manifest_hash: str
    scope_agent_id: str
    scope_files_digest: str
    scope_attested_files_digest: str
    query_agent_id: str
    query_files_digest: str
    query_attested_files_digest: str
    output_visibility: str
    allowed_llm_providers: tuple[str, ...]
    artifacts_enabled: bool
    room_vault_item_count: int
    scope_mode: str
    scope_mode_reason: str
    query_inspection_mode: str
    prompt_hash: str
    output_hash: str
    error_hash: str
    timestamp: int
    signer_pubkey_b64: str = ""
    mediator_agent_id: str | None = None
    mediator_files_digest: str | None = None
    agents: tuple[RunAgent, ...] | None = None
    client_nonce: str | None = None
    models: Mapping[str, str] | None = None
    container_runtime: str | None = None
    guard_verdicts: Mapping[str, int] | None = None
    artifacts: tuple[RunArtifact, ...] | None = None
    signer_kind: str | None = None
    usage: Mapping[str, Any] | None = None
    cost_micro_usd: int | None = None
    receipt_version: int | None = None
    outcome: str | None = None
    provider: str | None = None
    stages: tuple[RunStage, ...] | None = None
    hold_micro_usd: int | None = None
    billing_status: str | None = None
    asked_at_ms: int | None = None
    ended_at_ms: int | None = None
    evidence_sha256: str | None = None
    scope_enforcement: tuple[str, ...] | None = None
    row_policies_sha256: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """The object that is signed."""
        members = {field.name: getattr(self, field.name) for field in fields(self)}
        wire = {name: _plain(value) for name, value in members.items() if value is not None}
        return {"schema_version": SCHEMA_VERSION} | wire


def hash_error(text: str) -> str:
    """`error_hash` of an error text: the hash of its first 500 characters; empty for no error."""
    return text_hash(text[:MAX_ERROR_CHARACTERS]) if text else ""


def had_row_policies(body: Mapping[str, Any]) -> bool:
    """Whether a statement says that the query stage read through row policies."""
    enforcement = body.get("scope_enforcement")
    return isinstance(enforcement, list) and ROW_POLICIES in enforcement


def hidden_name(filename: str) -> str:
    """A file name for a record whose readers include some who may not know it. No plain file name looks so."""
    return _HIDDEN_NAME + text_hash(filename)


def evidence_hash(bundle: object) -> str:
    """`evidence_sha256` of an attestation response. Raises CanonicalError."""
    return sha256_hex(ROOM_V1.encode(bundle))


def sign_run(body: RunBody, *, key: SigningKey) -> dict[str, Any]:
    """The wire record, naming `key` as signer. Raises ManifestError for a body that says less than it seems.

    A completed run is not signed when an agent it names has no digest.
    """
    if body.signer_pubkey_b64 not in ("", key.public_b64):
        raise ManifestError("signer_differs", "signer_pubkey_b64")
    _check_complete(body)
    wire = replace(body, signer_pubkey_b64=key.public_b64).to_wire()
    return {
        "body": wire,
        "signature_b64": b64(key.sign(ROOM_V1.encode(wire))),
        "signer_pubkey_b64": key.public_b64,
    }


def _check_complete(body: RunBody) -> None:
    if body.status not in (COMPLETED, FAILED):
        raise ManifestError("unknown_choice", "status")
    for name in ("prompt_hash", "output_hash"):
        _check_digest(body, name)
    if body.status == FAILED:
        return
    for role in ("scope", "query", "mediator"):
        if getattr(body, f"{role}_agent_id"):
            _check_digest(body, f"{role}_files_digest")


def _check_digest(body: RunBody, name: str) -> None:
    if not SHA256_HEX.fullmatch(getattr(body, name) or ""):
        raise ManifestError("not_sha256", name, f"The run cannot be signed without {name}.")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, RunAgent | RunArtifact | RunStage):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value
