"""All histories as one table to read: a view of the database over the tables of events."""

from django.db import models


class Change(models.Model):
    """One change of one row. `act` is insert, update, delete, password, or baseline for what was there before.

    `subject` is the key of the row that it is about; for a membership that of the account or group which has it.
    `context` says who and by which address, as far as it is known; `before` is there for updates.
    """

    key = models.CharField(max_length=80, primary_key=True)
    kind = models.CharField(max_length=40)
    number = models.BigIntegerField()
    at = models.DateTimeField()
    act = models.CharField(max_length=20)
    subject = models.CharField(max_length=64)
    context = models.JSONField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField()

    class Meta:
        managed = False
        db_table = "hivemind_change"
        default_permissions = ("view",)
        ordering = ("-at", "-number")

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.subject}: {self.act}"
