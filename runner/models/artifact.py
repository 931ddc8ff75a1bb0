"""Files that a run leaves for its asker, sealed under the room's key."""

from django.db import models

from runner.models.run import Run


class Artifact(models.Model):
    """One file. `content_sha256` is of the plain bytes and is what a receipt names.

    Its bytes are the parts of the same run and `edition`. `sealed` says, for whoever has the room's key, which edition
    of how many parts this name stands for. A file waits, and nobody can read it, until `released_at`: the moment at
    which the run was completed, with its mediator's approval where it has one.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifacts")
    filename = models.CharField(max_length=128)
    content_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    content_sha256 = models.CharField(max_length=64)
    edition = models.CharField(max_length=32)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("run_id", "created_at", "filename")
        constraints = [models.UniqueConstraint(fields=["run", "filename"], name="one_artifact_of_a_name")]

    def __str__(self) -> str:
        return self.filename


class ArtifactPart(models.Model):
    """A piece of a file, sealed on its own, so that no file is ever in memory whole."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifact_parts")
    edition = models.CharField(max_length=32)
    position = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        ordering = ("run_id", "edition", "position")
        constraints = [
            models.UniqueConstraint(fields=["run", "edition", "position"], name="one_part_at_a_position"),
        ]

    def __str__(self) -> str:
        return f"{self.edition} {self.position}"
