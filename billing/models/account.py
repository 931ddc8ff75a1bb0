"""A tenant's account and its figures day by day. Both are kept by the database from the entries."""

from django.db import models
from django.db.models import F, Q


class Account(models.Model):
    """One tenant's money, in micro-USD.

    `balance` is what can be spent now: holds have left it already. It equals `credited - debited - spent - held`, and
    the sum of all entries. There is no foreign key to the tenant: the books outlive it, under the name it had last.
    """

    tenant_id = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=200)
    opened_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    balance_micro_usd = models.BigIntegerField(default=0)
    held_micro_usd = models.BigIntegerField(default=0)
    spent_micro_usd = models.BigIntegerField(default=0)
    credited_micro_usd = models.BigIntegerField(default=0)
    debited_micro_usd = models.BigIntegerField(default=0)
    entry_count = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-opened_at", "tenant_id")
        indexes = [
            # The operator's question: who runs dry?
            models.Index(fields=["balance_micro_usd"], name="accounts_by_balance"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    balance_micro_usd=F("credited_micro_usd")
                    - F("debited_micro_usd")
                    - F("spent_micro_usd")
                    - F("held_micro_usd")
                ),
                name="account_figures_agree",
            ),
            models.CheckConstraint(
                condition=Q(
                    held_micro_usd__gte=0,
                    spent_micro_usd__gte=0,
                    credited_micro_usd__gte=0,
                    debited_micro_usd__gte=0,
                    entry_count__gte=0,
                ),
                name="account_figures_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.tenant_id})"


class DailyFigure(models.Model):
    """What an account was credited and charged on one day of UTC, in micro-USD, and how many runs were charged."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="days")
    day_date = models.DateField(db_index=True)
    credited_micro_usd = models.BigIntegerField(default=0)
    debited_micro_usd = models.BigIntegerField(default=0)
    spent_micro_usd = models.BigIntegerField(default=0)
    run_count = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("account", "-day_date")
        constraints = [models.UniqueConstraint(fields=["account", "day_date"], name="one_figure_a_day")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day_date}"
