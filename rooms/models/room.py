"""A room: its signed envelope, and nothing that the envelope already says."""

from django.db import models
from django.db.models import Q

from tenants.models import Tenant


class Room(models.Model):
    """One room. `envelope` is the canonical text that was signed; `owner_pubkey_b64` is the key it must verify with.

    `name`, `manifest_hash` and `expires_at` repeat the envelope for lists and searches only: terms are read from the
    verified manifest. `serial` is the signed serial number of the envelope and never falls. `vault_index` is the sealed
    list of vault items, which authenticates their order and number; it is never empty, not even for an empty vault.
    `key_id` names the room's one data key without saying anything about it, and every wrap is bound to it. `revocation`
    is the canonical text of the owner's signed statement that the room is over, empty where there is none.
    """

    id = models.CharField(max_length=64, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="rooms")
    name = models.TextField(blank=True)
    envelope = models.TextField()
    manifest_hash = models.CharField(max_length=64)
    owner_pubkey_b64 = models.CharField(max_length=64)
    serial = models.PositiveIntegerField(default=1)
    key_id = models.CharField(max_length=12)
    vault_index = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["tenant", "-created_at"], name="rooms_of_tenant")]
        constraints = [models.CheckConstraint(condition=Q(id__regex=r"^room_[0-9a-f]{12}$"), name="room_id_shape")]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name else self.id
