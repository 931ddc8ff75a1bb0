"""Spend tokens: the right to spend a little of one account, in one place, for a while."""

from django.db import models
from django.db.models import F, Q

from billing.models.account import Account


class SpendToken(models.Model):
    """A token that pays and can do nothing else. Only its SHA-256 is kept.

    `committed_micro_usd` is what its runs hold now or have cost. `room_id` and `service` (an origin), where not empty,
    are the only room and the only address of this service at which it pays.
    """

    token_id = models.CharField(max_length=12, primary_key=True)
    token_hash = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="spend_tokens", db_index=False)
    label = models.CharField(max_length=200, blank=True)
    limit_micro_usd = models.BigIntegerField()
    committed_micro_usd = models.BigIntegerField(default=0)
    room_id = models.CharField(max_length=64, blank=True)
    service = models.CharField(max_length=300, blank=True)
    minted_by = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "token_id")
        indexes = [
            models.Index(fields=["account", "-created_at"], name="spend_tokens_of_account"),
            models.Index(fields=["-created_at", "token_id"], name="spend_tokens_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(committed_micro_usd__gte=0, committed_micro_usd__lte=F("limit_micro_usd")),
                name="spend_token_within_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(token_hash__regex=r"^[0-9a-f]{64}$"),  # noqa: S106
                name="spend_token_is_hashed",
            ),
        ]

    def __str__(self) -> str:
        return self.token_id
