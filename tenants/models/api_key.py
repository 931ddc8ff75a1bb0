"""Owner keys: only their hash is kept, beside the tenant's root key wrapped under each."""

from django.db import models
from django.db.models import Q

from tenants.models.tenant import Tenant


class ApiKey(models.Model):
    """One generation of a tenant's owner key.

    `root_salt` and `root_wrapped` hold the tenant's root key under this owner key. They are empty on a key
    that an operator issued without clearing the seal: the tenant is sealed until an earlier key, whose row
    keeps its wrap for this, is presented once more. A key that was rotated away keeps no wrap.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    token_hash = models.CharField(max_length=64, unique=True)
    token_id = models.CharField(max_length=12)
    root_salt = models.BinaryField(max_length=64, default=b"")
    root_wrapped = models.BinaryField(max_length=256, default=b"")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "owner key"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], condition=Q(retired_at=None), name="one_live_owner_key"),
            models.CheckConstraint(
                condition=Q(token_hash__regex=r"^[0-9a-f]{64}$"),  # noqa: S106
                name="owner_key_is_hashed",
            ),
        ]

    def __str__(self) -> str:
        return self.token_id
