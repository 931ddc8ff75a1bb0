"""Files at hand against the files that a record names."""

from collections.abc import Sequence
from typing import Any

from attestation.manifests.run_record import RunArtifact, hidden_name
from attestation.receipts.errors import ArtifactDiffers, ArtifactMissing, ArtifactUnknown


def check_artifacts(signed: Sequence[Any], given: Sequence[RunArtifact]) -> None:
    """Returns when both are the same files. `given` has plain names, `signed` may have hidden ones.

    Raises ArtifactUnknown, ArtifactDiffers, ArtifactMissing.
    """
    named = {item["filename"]: item for item in signed}
    for artifact in given:
        item = named.pop(artifact.filename, None) or named.pop(hidden_name(artifact.filename), None)
        if item is None:
            raise ArtifactUnknown(artifact.filename)
        if (item["size_bytes"], item["sha256"]) != (artifact.size_bytes, artifact.sha256):
            raise ArtifactDiffers(artifact.filename)
    if named:
        raise ArtifactMissing
