"""A tenant: an account of the service, with one database of its own."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, QuerySet

SERVICE_TENANT_ID = "t_0"


class Customers(models.Manager["Tenant"]):
    """Every tenant that somebody may hold a key of: all but the service itself."""

    def get_queryset(self) -> QuerySet["Tenant"]:
        """Without the service's own row."""
        return super().get_queryset().exclude(pk=SERVICE_TENANT_ID)


class Tenant(models.Model):
    """One tenant. `suspended_at` set means: every credential of the tenant is refused.

    `root_key_id` names the tenant's root key (it says nothing about the key itself); every wrap of the root
    key is bound to it.

    The row `SERVICE_TENANT_ID` owns the agents that the service offers to everybody. It has no key, no database and no
    money, and is in none of the lists.
    """

    objects: ClassVar[models.Manager["Tenant"]] = Customers()
    everybody: ClassVar[models.Manager["Tenant"]] = models.Manager()

    id = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=200)
    db_name = models.CharField(max_length=80, unique=True)
    db_owner = models.CharField(max_length=80, unique=True)
    root_key_id = models.CharField(max_length=12)
    signing_pubkey_b64 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_index=True)
    suspended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "id")
        constraints = [
            models.CheckConstraint(condition=Q(id__regex=r"^t_[0-9a-f]+$"), name="tenant_id_shape"),
            models.CheckConstraint(condition=~Q(name=""), name="tenant_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def suspended(self) -> bool:
        """Whether the tenant's credentials are refused."""
        return self.suspended_at is not None
