"""Reading what a run left behind."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet

from attestation.errors import SealBroken
from attestation.manifests.run_record import hidden_name
from hivemind.kit import clock
from hivemind.kit.conf import conf
from rooms.services import opening
from runner.access.visibility import hides_payload
from runner.artifacts import rules
from runner.enums import RunStatus
from runner.errors import ArtifactExpired, ArtifactNotFound, BadArtifactName
from runner.models import Artifact, Run
from runner.services import artifact_rows
from runner.services.artifact_rows import Place
from runner.services.finish import receipt_of
from tenants.principals import Principal


@dataclass(frozen=True)
class Opened:
    """An artifact's plain bytes, piece by piece."""

    pieces: Iterator[bytes] = field(repr=False)
    size_bytes: int
    content_type: str
    created_at: datetime


def read(run: Run, filename: str, *, principal: Principal) -> Opened:
    """The artifact, decrypted for this caller while it is read.

    Raises BadArtifactName; ArtifactNotFound for one that is missing or hidden from this caller; ArtifactExpired for
    one whose time is over.
    """
    if not rules.is_name(filename):
        raise BadArtifactName
    if hides_payload(run, principal):
        raise ArtifactNotFound
    found = readable(run, whole=True).filter(filename=filename).first()
    if found is None:
        raise ArtifactExpired if _was_left(run, filename) else ArtifactNotFound
    place = Place(run, opening.open_room_key(principal, run.room))
    pieces = artifact_rows.content_of(place, found)
    try:
        first = next(pieces, b"")  # what does not open is refused before anything is sent
    except SealBroken:
        if not Artifact.objects.filter(pk=found.pk).exists():
            raise ArtifactExpired from None
        raise
    return Opened(
        pieces=itertools.chain([first], pieces),
        size_bytes=found.size_bytes,
        content_type=rules.header_type(found.content_type),
        created_at=found.created_at,
    )


def readable(run: Run, *, whole: bool = False) -> QuerySet[Artifact]:
    """The files of a run that has its answer, none whose time is over. Without their bytes unless `whole`."""
    oldest = clock.now() - timedelta(seconds=conf.retention.artifact_seconds)
    files = Artifact.objects.filter(run_id=run.pk, run__status=RunStatus.COMPLETED, created_at__gte=oldest)
    files = files.exclude(released_at=None)
    return files if whole else files.defer("sealed")


def _was_left(run: Run, filename: str) -> bool:
    """Whether the signed record names the file."""
    record = receipt_of(run) or {}
    named = {item["filename"] for item in record.get("body", {}).get("artifacts", ())}
    return bool(named & {filename, hidden_name(filename)})
