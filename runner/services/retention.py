"""Forgetting: outputs and artifacts go when their time is over, prompts with them; receipts and usage stay."""

from datetime import timedelta

from django.db.models import Q

from hivemind.kit import clock
from hivemind.kit.conf import conf
from runner.models import Artifact, ArtifactPart, Run
from runner.services import artifact_rows

# So many files at once, so that no sweep holds many locks for long.
BATCH = 200


def sweep() -> int:
    """Erase what is older than the retention time. Returns how many runs lost something."""
    before = clock.now() - timedelta(seconds=conf.retention.artifact_seconds)
    old_files = Artifact.objects.filter(run__ended_at__isnull=False).filter(
        Q(created_at__lt=before) | Q(released_at=None)  # the latter were left by a worker that outlived its run
    )
    while artifact_rows.remove(old_files.order_by("pk")[:BATCH]):
        pass
    artifact_rows.unnamed(ArtifactPart.objects.filter(run__ended_at__isnull=False)).delete()
    old = Run.objects.filter(ended_at__lt=before).exclude(output_sealed=b"", prompt_sealed=b"")
    return old.update(output_sealed=b"", prompt_sealed=b"", updated_at=clock.now())
