"""The audit trail: who did what to which thing, and when. Append-only by trigger."""

from django.db import models


class AuditEvent(models.Model):
    """One act. `details` holds ids, counts and flags; never content and never a secret."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, db_index=True)
    tenant_id = models.CharField(max_length=64, blank=True, db_index=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = "audit event"

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
