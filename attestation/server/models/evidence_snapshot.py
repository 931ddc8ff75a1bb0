"""Evidence as it was, for everybody who has to check an old answer."""

from django.db import models
from django.db.models import Q


class EvidenceSnapshot(models.Model):
    """One attestation bundle. `body` is its canonical JSON, `sha256` the digest of exactly these bytes.

    Rows are found by the digest that signed run records name, and never change.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "sha256")
        constraints = [
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="evidence_sha256_shape")
        ]

    def __str__(self) -> str:
        return self.sha256
