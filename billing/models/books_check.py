"""What the checks of the books found, one row for each time."""

from django.db import models


class BooksCheck(models.Model):
    """One check of all the books. `problems` holds the first findings, each a rule, a subject and what is wrong."""

    checked_at = models.DateTimeField(db_index=True)
    took_seconds = models.FloatField()
    account_count = models.BigIntegerField()
    entry_count = models.BigIntegerField()
    problem_count = models.BigIntegerField()
    problems = models.JSONField(default=list)

    class Meta:
        ordering = ("-checked_at", "-id")
        verbose_name = "check of the books"
        verbose_name_plural = "checks of the books"

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}: {self.problem_count} found"
