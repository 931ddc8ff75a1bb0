"""An agent: a package that somebody uploaded, with its limits and digests."""

from django.db import models
from django.db.models import Q

from agents.enums import AgentType, InspectionMode
from tenants.models import Tenant


class Agent(models.Model):
    """One uploaded package. Digests are fixed at upload; the image may be rebuilt from the stored source at any time.

    `room_id` is set for a package that was brought to one room, and `uploader_token_id` names the invite it came with,
    empty for the room's owner. `image_id` is the engine's id of the image that was built last, of `image_bytes`; the
    tag follows from tenant and agent ids. `source_bytes` is the sum of the files, `used_at` the start of the last run
    that it was part of.
    """

    id = models.CharField(max_length=64, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="agents")
    room_id = models.CharField(max_length=64, blank=True, db_index=True)
    uploader_token_id = models.CharField(max_length=12, blank=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    agent_type = models.CharField(max_length=10, choices=AgentType.choices)
    inspection_mode = models.CharField(max_length=10, choices=InspectionMode.choices)
    harness = models.CharField(max_length=20, default="claude_code")
    entrypoint = models.TextField(null=True, blank=True)
    memory_mb = models.PositiveIntegerField()
    max_llm_calls = models.PositiveIntegerField()
    max_tokens = models.PositiveBigIntegerField()
    timeout_seconds = models.PositiveIntegerField()
    files_count = models.PositiveIntegerField()
    files_digest = models.CharField(max_length=64)
    attested_files_count = models.PositiveIntegerField()
    attested_files_digest = models.CharField(max_length=64)
    source_sha256 = models.CharField(max_length=64)
    source_bytes = models.PositiveBigIntegerField(default=0)
    image_id = models.CharField(max_length=100, blank=True)
    image_repo_digests = models.JSONField(default=list)
    image_bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="agents_of_tenant"),
            models.Index(fields=["tenant", "source_sha256"], name="agents_of_a_source"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(agent_type__in=AgentType.values), name="agent_type_known"),
            models.CheckConstraint(
                condition=Q(inspection_mode__in=InspectionMode.values), name="inspection_mode_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def image_tag(self) -> str:
        """The tag under which the engine keeps this agent's image."""
        return f"hivemind-agent-{self.tenant_id}-{self.id}:latest"

    @property
    def is_brought(self) -> bool:
        """Whether it was uploaded with a question, to one room."""
        return bool(self.room_id)

    @property
    def visibility(self) -> str:
        """The manifest's word for the inspection mode."""
        return "sealed" if self.inspection_mode == InspectionMode.SEALED else "inspectable"
