"""Movements of accounts, and what is left of grants that expire."""

from django.db import models
from django.db.models import F, Q

from billing.enums import EntryKind
from billing.models.account import Account

POSITIVE = (EntryKind.GRANT, EntryKind.REFUND, EntryKind.RELEASE)
NEGATIVE = (EntryKind.DEBIT, EntryKind.EXPIRY, EntryKind.HOLD, EntryKind.CHARGE)
OF_A_RUN = (EntryKind.HOLD, EntryKind.RELEASE, EntryKind.CHARGE)


class Entry(models.Model):
    """One movement, never changed and never deleted.

    `position` and `balance_after_micro_usd` are written by the database: entries of an account are numbered from 1
    without gaps, in the order in which they moved the balance. `details` holds ids, counts and flags for the public
    statement; `may_overdraw` says that the balance was allowed to fall below zero.
    """

    entry_id = models.CharField(max_length=28, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False)
    position = models.BigIntegerField(default=0, editable=False)
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    amount_micro_usd = models.BigIntegerField()
    balance_after_micro_usd = models.BigIntegerField(default=0, editable=False)
    run_id = models.CharField(max_length=64, blank=True)
    actor = models.CharField(max_length=120)
    note = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    may_overdraw = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["run_id"], condition=~Q(run_id=""), name="entries_of_run"),
            # No more may be refunded than was charged: asked with every refund.
            models.Index(fields=["account"], condition=Q(kind="refund"), name="refunds_of_account"),
            # Movements by hand are few among those of runs; lists of them must not read all the others.
            models.Index(fields=["kind", "-id"], condition=~Q(kind__in=OF_A_RUN), name="entries_of_no_run"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "position"], name="entries_without_gaps"),
            models.UniqueConstraint(fields=["run_id"], condition=Q(kind="hold"), name="one_hold_a_run"),
            models.UniqueConstraint(fields=["run_id"], condition=Q(kind="release"), name="one_release_a_run"),
            models.UniqueConstraint(fields=["run_id"], condition=Q(kind="charge"), name="one_charge_a_run"),
            models.CheckConstraint(
                condition=Q(kind__in=POSITIVE, amount_micro_usd__gt=0) | Q(kind__in=NEGATIVE, amount_micro_usd__lt=0),
                name="entry_sign_of_kind",
            ),
            models.CheckConstraint(condition=~Q(kind__in=OF_A_RUN) | ~Q(run_id=""), name="usage_entry_names_its_run"),
            models.CheckConstraint(condition=Q(entry_id__regex=r"^ble_[0-9a-f]{24}$"), name="entry_id_shape"),
        ]

    def __str__(self) -> str:
        return self.entry_id


class CreditLot(models.Model):
    """What is left of a grant that expires. Money is spent from the lot that expires soonest, then from the rest."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="lot")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots", db_index=False)
    amount_micro_usd = models.BigIntegerField()
    remaining_micro_usd = models.BigIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("expires_at", "entry_id")
        indexes = [
            models.Index(fields=["account", "expires_at"], condition=Q(remaining_micro_usd__gt=0), name="lots_open"),
            models.Index(fields=["expires_at"], condition=Q(remaining_micro_usd__gt=0), name="lots_to_expire"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining_micro_usd__gte=0, remaining_micro_usd__lte=F("amount_micro_usd")),
                name="lot_within_its_grant",
            ),
        ]

    def __str__(self) -> str:
        return str(self.entry_id)
