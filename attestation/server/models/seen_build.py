"""Which builds of the service ran, as their own quotes proved it."""

from django.db import models
from django.db.models import F, Q


class SeenBuild(models.Model):
    """One machine of one build, from the first time that a process of ours proved it to the last.

    `kind` says what stands behind the proof. Nothing of a row ever changes but `last_seen_at`, which only grows; rows
    are never deleted. Both hold in the database, whoever writes.
    """

    compose_hash = models.CharField(max_length=64)
    app_id = models.CharField(max_length=64, blank=True)
    instance_id = models.CharField(max_length=64, blank=True)
    app_version = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=[("dstack", "dstack"), ("development", "development")])
    run_signer_pubkey_b64 = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "build that ran"
        verbose_name_plural = "builds that ran"
        ordering = ("-last_seen_at", "-id")
        indexes = [models.Index(fields=["-last_seen_at", "-id"], name="builds_last_seen")]
        constraints = [
            models.UniqueConstraint(
                fields=["compose_hash", "app_id", "instance_id", "app_version", "kind", "run_signer_pubkey_b64"],
                name="one_row_of_a_build",
            ),
            models.CheckConstraint(condition=Q(compose_hash__regex=r"^[0-9a-f]{64}$"), name="build_compose_hash_shape"),
            models.CheckConstraint(condition=Q(kind__in=["dstack", "development"]), name="build_kind_known"),
            models.CheckConstraint(condition=Q(last_seen_at__gte=F("first_seen_at")), name="build_seen_in_order"),
        ]

    def __str__(self) -> str:
        return self.compose_hash[:16]
