"""Owners' signed statements of which builds of the service they accept."""

from django.db import models
from django.db.models import Q

from tenants.models import Tenant


class ComposePin(models.Model):
    """One compose pin. `envelope` is the whole signed pin in canonical form; `pin_id` begins its SHA-256.

    The columns beside it repeat what the envelope says, so that rows can be found. The database lets nothing of a row
    change but `revoked_at`, once, and lets rows go only with their tenant. `expires_at` is the last valid second; none:
    the pin never expires. An empty `scope_agent_id` speaks about every agent of the tenant.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="compose_pins")
    pin_id = models.CharField(max_length=12)
    envelope = models.TextField()
    scope_agent_id = models.CharField(max_length=200, blank=True)
    signer_pubkey_b64 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="pins_of_tenant"),
            models.Index(fields=["-created_at", "-id"], name="pins_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "pin_id"], name="one_pin_of_an_id"),
            models.CheckConstraint(condition=Q(pin_id__regex=r"^[0-9a-f]{12}$"), name="pin_id_shape"),
            models.CheckConstraint(condition=~Q(envelope="") & ~Q(signer_pubkey_b64=""), name="pin_is_signed"),
        ]

    def __str__(self) -> str:
        return self.pin_id
