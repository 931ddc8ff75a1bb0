"""Prices of models, each from a moment on."""

from django.db import models
from django.db.models import Q


class Price(models.Model):
    """Micro-USD for a million tokens of one model, in force from `effective_from` until the next row of the model.

    Rows are never changed, and deleted only before they begin. A `withdrawn` row says that the model has no price from
    then on.
    """

    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    prompt_micro_usd_per_mtok = models.BigIntegerField()
    completion_micro_usd_per_mtok = models.BigIntegerField()
    effective_from = models.DateTimeField()
    withdrawn = models.BooleanField(default=False)
    source = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120)

    class Meta:
        ordering = ("provider", "model", "-effective_from")
        constraints = [
            models.UniqueConstraint(fields=["provider", "model", "effective_from"], name="one_price_at_a_time"),
            models.CheckConstraint(
                condition=Q(prompt_micro_usd_per_mtok__gte=0, completion_micro_usd_per_mtok__gte=0),
                name="price_not_negative",
            ),
            models.CheckConstraint(condition=~Q(provider="") & ~Q(model=""), name="price_names_its_model"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model} from {self.effective_from:%Y-%m-%d %H:%M}"
