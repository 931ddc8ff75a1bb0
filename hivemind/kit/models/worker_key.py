"""Public halves of the key pairs that living workers hold in memory (see `hivemind.kit.handoff`)."""

from django.db import models


class WorkerKey(models.Model):
    """One worker process. It is alive while its heartbeat is recent; its private half never leaves it."""

    worker_id = models.CharField(max_length=64, primary_key=True)
    public_key = models.BinaryField(max_length=64)
    queues = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-heartbeat_at", "worker_id")
        verbose_name = "worker"

    def __str__(self) -> str:
        return self.worker_id
