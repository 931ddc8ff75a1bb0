"""Builds of agent images: the row is the truth, the message only a nudge."""

from django.db import models
from django.db.models import Q

from agents.enums import BuildStatus
from agents.models.agent import Agent


class ImageBuild(models.Model):
    """One build. Its id is served as a run id, because the wire tracks a build like a run.

    `fence` rises with every claim and guards every later write; `handoff` holds the source key sealed to the workers
    that were alive at submission, and is emptied when the build ends. `run_id` names the run of which this build is a
    part. `step` of `steps` instructions is being carried out; `shared` says that the image of an earlier upload of the
    same bytes was taken. `log_sealed` is what the build printed, under the agent's source key.
    """

    id = models.CharField(max_length=64, primary_key=True)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="builds")
    status = models.CharField(max_length=10, choices=BuildStatus.choices, default=BuildStatus.PENDING)
    fence = models.PositiveIntegerField(default=0)
    worker_id = models.CharField(max_length=64, blank=True)
    handoff = models.JSONField(default=dict)
    run_id = models.CharField(max_length=64, blank=True)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    shared = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    log_sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "image build"
        indexes = [models.Index(fields=["run_id"], condition=~Q(run_id=""), name="builds_of_a_run")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=BuildStatus.values), name="build_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running"]) | Q(ended_at__isnull=False, handoff={}),
                name="ended_build_keeps_no_key",
            ),
        ]

    def __str__(self) -> str:
        return self.id
