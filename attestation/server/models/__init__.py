"""What the server's half of attestation keeps."""

from attestation.server.models.evidence_snapshot import EvidenceSnapshot

__all__ = ["EvidenceSnapshot"]
