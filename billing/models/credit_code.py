"""Credit codes and who redeemed them."""

from django.db import models
from django.db.models import F, Q

from billing.models.account import Account
from billing.models.entry import Entry


class CreditCode(models.Model):
    """Prepaid credit behind a secret. Only the SHA-256 of the code is kept; the code itself is shown when minted."""

    code_id = models.CharField(max_length=19, primary_key=True)
    code_hash = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=200, blank=True)
    credit_micro_usd = models.BigIntegerField()
    max_redemptions = models.PositiveIntegerField()
    redeemed_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_index=True)
    created_by = models.CharField(max_length=120)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "code_id")
        constraints = [
            models.CheckConstraint(
                condition=Q(max_redemptions__gte=1, redeemed_count__lte=F("max_redemptions")),
                name="code_within_its_uses",
            ),
            models.CheckConstraint(condition=Q(credit_micro_usd__gte=0), name="code_not_negative"),
            models.CheckConstraint(condition=Q(code_hash__regex=r"^[0-9a-f]{64}$"), name="code_is_hashed"),
            models.CheckConstraint(condition=Q(code_id__regex=r"^cc_[0-9a-f]{16}$"), name="code_id_shape"),
        ]

    def __str__(self) -> str:
        return self.code_id


class Redemption(models.Model):
    """One use of a code by one tenant; `entry` is the grant, absent for a code that is worth nothing."""

    redemption_id = models.CharField(max_length=28, primary_key=True)
    code = models.ForeignKey(CreditCode, on_delete=models.PROTECT, related_name="redemptions", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="redemptions")
    entry = models.OneToOneField(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="redemption")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-created_at", "redemption_id")
        constraints = [models.UniqueConstraint(fields=["code", "account"], name="one_redemption_a_tenant")]

    def __str__(self) -> str:
        return self.redemption_id
