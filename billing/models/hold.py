"""Holds: money set aside for runs, resolved once."""

from django.db import models
from django.db.models import F, Q

from billing.enums import Resolution
from billing.models.account import Account
from billing.models.spend_token import SpendToken


class Hold(models.Model):
    """The first phase of a run's payment; the second, which resolves it, happens once and is a movement of its own.

    Standing while `resolved_at` is null. `cost_micro_usd` is what was charged, never more than the hold.
    """

    run_id = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds", db_index=False)
    token = models.ForeignKey(SpendToken, null=True, blank=True, on_delete=models.PROTECT, related_name="holds")
    amount_micro_usd = models.BigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=8, choices=Resolution.choices, blank=True)
    cost_micro_usd = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-created_at", "run_id")
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(resolved_at=None), name="holds_standing"),
            models.Index(fields=["account", "-created_at"], name="holds_of_account"),
            models.Index(fields=["-created_at", "run_id"], name="holds_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_micro_usd__gt=0, cost_micro_usd__gte=0)
                & Q(cost_micro_usd__lte=F("amount_micro_usd")),
                name="hold_bounds_its_cost",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolution="", cost_micro_usd=0)
                | (Q(resolved_at__isnull=False) & Q(resolution="settled"))
                | (Q(resolved_at__isnull=False, cost_micro_usd=0) & Q(resolution__in=["voided", "expired"])),
                name="hold_resolved_one_way",
            ),
        ]

    def __str__(self) -> str:
        return self.run_id
