"""An agent's source key, wrapped for those who may need it."""

from django.db import models

from agents.models.agent import Agent


class SourceKeyWrap(models.Model):
    """The source key under one other key.

    `holder` is `tenant` (under the tenant's agent-source key) or `room:<room id>` (under that room's key, made when a
    room that names the agent is created), so that an invite can have the image rebuilt and reads nothing else.
    """

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="key_wraps")
    holder = models.CharField(max_length=80)
    wrapped = models.BinaryField(max_length=256)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("agent_id", "holder")
        constraints = [models.UniqueConstraint(fields=["agent", "holder"], name="one_source_wrap_per_holder")]

    def __str__(self) -> str:
        return f"{self.agent_id} for {self.holder}"
