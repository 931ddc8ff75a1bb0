"""Files of an agent's package, exact to the byte and the mode bits, each sealed under the agent's source key."""

from django.db import models

from agents.models.agent import Agent


class SourceFile(models.Model):
    """One regular file of the package. `stored` is true for files that the protocol's frozen digest covers."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="files")
    path = models.TextField()
    mode = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    attestable = models.BooleanField(default=True)
    stored = models.BooleanField(default=True)
    sealed = models.BinaryField()

    class Meta:
        ordering = ("agent_id", "path")
        constraints = [models.UniqueConstraint(fields=["agent", "path"], name="one_file_at_a_path")]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.path}"
