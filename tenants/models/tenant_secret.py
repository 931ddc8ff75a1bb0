"""Secrets of a tenant, each sealed under the tenant's root key."""

from django.db import models

from tenants.models.tenant import Tenant


class TenantSecret(models.Model):
    """One sealed secret: the seed of the room-signing key, or the key that wraps agent sources."""

    class Kind(models.TextChoices):
        """What the secret is for."""

        ROOM_SIGNING = "room_signing"  # 32-byte Ed25519 seed; survives key rotation, so links keep working
        AGENT_SOURCE = "agent_source"  # 32-byte key that wraps each agent's own source key

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="secrets")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    sealed = models.BinaryField(max_length=256)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("tenant_id", "kind")
        constraints = [models.UniqueConstraint(fields=["tenant", "kind"], name="one_secret_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.kind}"
