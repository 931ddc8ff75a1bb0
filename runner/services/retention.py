"""Forgetting: outputs and artifacts go when their time is over, prompts with them; receipts and usage stay."""

from datetime import timedelta

from hivemind.kit import clock
from hivemind.kit.conf import conf
from runner.models import Artifact, Run


def sweep() -> int:
    """Erase what is older than the retention time. Returns how many runs lost something."""
    before = clock.now() - timedelta(seconds=conf.retention.artifact_seconds)
    Artifact.objects.filter(created_at__lt=before).delete()
    old = Run.objects.filter(ended_at__lt=before).exclude(output_sealed=b"", prompt_sealed=b"")
    return old.update(output_sealed=b"", prompt_sealed=b"", updated_at=clock.now())
