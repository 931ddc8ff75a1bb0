"""Pages of the operator's admin that moved money, so that one that is sent twice moves it once."""

from django.db import models


class SentPage(models.Model):
    """A page that was sent: the random number that it carried. Forgotten once no such page is accepted any more."""

    number = models.CharField(max_length=32, primary_key=True)
    sent_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-sent_at", "number")

    def __str__(self) -> str:
        return self.number
