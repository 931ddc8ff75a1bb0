"""What became of each job that runs by the clock."""

from django.db import models


class ScheduledJob(models.Model):
    """One entry of the schedule, by its name there.

    `declared_at` is when a worker last started that knows of it. `failures` counts the failures since the last success,
    the first of which was at `failing_since`; `failure` is what kind the last one was, never its words.
    """

    name = models.CharField(max_length=60, primary_key=True)
    declared_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    took_ms = models.PositiveIntegerField(default=0)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=120, blank=True)
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("name",)
        verbose_name = "scheduled job"

    def __str__(self) -> str:
        return self.name
