"""Keeping what this installation offered as evidence, once for each version of it."""

from typing import Any

from attestation.canonical import ROOM_V1
from attestation.manifests.run_record import evidence_hash
from attestation.receipts.binding import EVIDENCE_NONCE
from attestation.server.errors import EvidenceUnavailable
from attestation.server.models import EvidenceSnapshot
from attestation.server.services import evidence
from hivemind.kit import clock

# Digest of the evidence made at the start, and of the same machine's answer that names the signer: this process's last.
_answered: dict[str, str] = {}


def keep() -> str:
    """Store the present evidence, unless it is stored already; its digest, as run records name it.

    Where there is hardware it is an answer to the value that all receipts use, because that names the signer. A new one
    is made when the evidence was renewed.
    """
    offered = evidence.bundle()
    digest = evidence_hash(offered)
    if not offered.get("ready"):
        return _stored(offered, digest)
    known = _answered.get(digest, "")
    if known and EvidenceSnapshot.objects.filter(pk=known).exists():
        return known
    try:
        answer = evidence.answer(EVIDENCE_NONCE)
    except EvidenceUnavailable:  # too many quotes are wanted at the moment: an end of a run waits for none
        return _stored(offered, digest)
    kept = _stored(answer, evidence_hash(answer))
    _answered.clear()
    _answered[digest] = kept
    return kept


def find(digest: str) -> dict[str, Any] | None:
    """The bundle with this digest, None for one that was never kept. Raises CanonicalError for a damaged row."""
    row = EvidenceSnapshot.objects.filter(pk=digest).first()
    if row is None:
        return None
    bundle = ROOM_V1.decode_strict(row.body.encode("utf-8"))
    return bundle if isinstance(bundle, dict) else None


def _stored(bundle: dict[str, Any], digest: str) -> str:
    if not EvidenceSnapshot.objects.filter(pk=digest).exists():
        row = EvidenceSnapshot(sha256=digest, body=ROOM_V1.encode(bundle).decode(), created_at=clock.now())
        EvidenceSnapshot.objects.bulk_create([row], ignore_conflicts=True)
    return digest
