"""What the server's half of attestation keeps."""

from attestation.server.models.compose_pin import ComposePin
from attestation.server.models.evidence_snapshot import EvidenceSnapshot
from attestation.server.models.seen_build import SeenBuild

__all__ = ["ComposePin", "EvidenceSnapshot", "SeenBuild"]
