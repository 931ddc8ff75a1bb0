"""Files that a run leaves for its asker, sealed under the room's key."""

from django.db import models

from runner.models.run import Run


class Artifact(models.Model):
    """One file. `content_sha256` is of the plain bytes and is what a receipt names."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifacts")
    filename = models.CharField(max_length=128)
    content_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    content_sha256 = models.CharField(max_length=64)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("run_id", "created_at", "filename")
        constraints = [models.UniqueConstraint(fields=["run", "filename"], name="one_artifact_of_a_name")]

    def __str__(self) -> str:
        return self.filename
