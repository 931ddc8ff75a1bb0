"""Keeping what this installation offered as evidence, once for each version of it."""

from typing import Any

from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex
from attestation.server.models import EvidenceSnapshot
from attestation.server.services import evidence
from hivemind.kit import clock


def keep() -> str:
    """Store the present evidence, unless it is stored already; its digest, as run records name it."""
    body = ROOM_V1.encode(evidence.bundle())
    digest = sha256_hex(body)
    if not EvidenceSnapshot.objects.filter(pk=digest).exists():
        row = EvidenceSnapshot(sha256=digest, body=body.decode(), created_at=clock.now())
        EvidenceSnapshot.objects.bulk_create([row], ignore_conflicts=True)
    return digest


def find(digest: str) -> dict[str, Any] | None:
    """The bundle with this digest, None for one that was never kept. Raises CanonicalError for a damaged row."""
    row = EvidenceSnapshot.objects.filter(pk=digest).first()
    if row is None:
        return None
    bundle = ROOM_V1.decode_strict(row.body.encode("utf-8"))
    return bundle if isinstance(bundle, dict) else None
