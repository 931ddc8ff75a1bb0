"""Stages of a run."""

from django.db import models
from django.db.models import Q

from runner.enums import StageName, StageStatus
from runner.models.run import Run


class Stage(models.Model):
    """One step of a run: its times, what it used, and how its container ended."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=10, choices=StageName.choices)
    position = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=StageStatus.choices, default=StageStatus.WAITING)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    exit_reason = models.CharField(max_length=30, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    usage = models.JSONField(default=dict)

    class Meta:
        ordering = ("run_id", "position")
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="one_stage_of_a_name"),
            models.CheckConstraint(condition=Q(status__in=StageStatus.values), name="stage_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.name}"
