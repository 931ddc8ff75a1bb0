"""Rows of a run's files: written sealed, piece by piece, and removed. None is readable before it is released."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from attestation.errors import SealBroken
from attestation.sealing import aead
from attestation.sealing.context import artifact_context, artifact_part_context
from hivemind.kit import clock
from hivemind.kit.states import StaleState
from runner.enums import RunStatus
from runner.models import Artifact, ArtifactPart, Run

PART_BYTES = 1024 * 1024
_INSERT = "INSERT INTO runner_artifactpart (run_id, edition, position, sealed) VALUES (%s, %s, %s, %b)"


@dataclass(frozen=True)
class Written:
    """A file whose parts are stored and which has no name yet."""

    edition: str
    parts: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Place:
    """The run whose files they are, and its room's key."""

    run: Run
    room_key: bytes = field(repr=False)

    @property
    def names(self) -> dict[str, str]:
        """The parts of every context."""
        return {"tenant_id": self.run.tenant_id, "room_id": self.run.room_id, "run_id": self.run.pk}


def new_edition() -> str:
    """The name of a file's bytes, never used twice."""
    return secrets.token_hex(16)


def write_part(place: Place, content: bytes, *, edition: str, position: int, is_last: bool) -> None:
    """Seal and store one piece."""
    context = artifact_part_context(**place.names, edition=edition, position=position, is_last=is_last)
    sealed = aead.seal(place.room_key, content, context=context)
    connection.ensure_connection()
    # A binary parameter: the ORM would spell the bytes out in hexadecimal inside the statement.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, (place.run.pk, edition, position, sealed))


def keep(place: Place, filename: str, *, content_type: str, written: Written) -> None:
    """Give the stored parts a name; what had it before is gone. Raises StaleState when the run is somebody else's."""
    head = json.dumps(
        {"edition": written.edition, "parts": written.parts, "size_bytes": written.size_bytes, "sha256": written.sha256}
    )
    sealed = aead.seal(place.room_key, head.encode(), context=artifact_context(**place.names, filename=filename))
    with transaction.atomic():
        _hold(place.run)
        discard(place.run, filename)
        Artifact.objects.create(
            run_id=place.run.pk,
            filename=filename,
            content_type=content_type,
            size_bytes=written.size_bytes,
            content_sha256=written.sha256,
            edition=written.edition,
            sealed=sealed,
            created_at=clock.now(),
        )


def discard(run: Run, filename: str) -> None:
    """Remove one file that waits."""
    with transaction.atomic():
        for row in Artifact.objects.filter(run_id=run.pk, filename=filename, released_at=None):
            ArtifactPart.objects.filter(run_id=run.pk, edition=row.edition).delete()
            row.delete()


def settle(run: Run, *, completed: bool) -> None:
    """Release what waits, or remove it when the run has no answer. Call in the transaction that ends the run."""
    waiting = Artifact.objects.filter(run_id=run.pk)
    if completed:
        waiting.update(released_at=clock.now())
        unnamed(ArtifactPart.objects.filter(run_id=run.pk)).delete()
    else:
        waiting.delete()
        ArtifactPart.objects.filter(run_id=run.pk).delete()


def remove(files: QuerySet[Artifact]) -> int:
    """Remove these files with all of their parts; how many there were."""
    with transaction.atomic():
        rows = list(files.values_list("pk", "run_id", "edition"))
        Artifact.objects.filter(pk__in=[pk for pk, _, _ in rows]).delete()
        for _, run_id, edition in rows:
            ArtifactPart.objects.filter(run_id=run_id, edition=edition).delete()
    return len(rows)


def unnamed(parts: QuerySet[ArtifactPart]) -> QuerySet[ArtifactPart]:
    """Those parts that belong to no file: an upload was cut off, or its file has been removed."""
    named = Artifact.objects.filter(run_id=OuterRef("run_id"), edition=OuterRef("edition"))
    return parts.exclude(Exists(named))


def content_of(place: Place, row: Artifact) -> Iterator[bytes]:
    """The plain bytes, piece by piece, read from the database as they are asked for.

    Raises SealBroken when a row was changed or moved, before the first piece if it is the file's own.
    """
    sealed = bytes(row.sealed)
    context = artifact_context(**place.names, filename=row.filename)
    head = json.loads(aead.open_sealed(place.room_key, sealed, context=context))
    if head["sha256"] != row.content_sha256 or head["size_bytes"] != row.size_bytes:
        raise SealBroken
    return _pieces(place, edition=str(head["edition"]), parts=int(head["parts"]))


def _pieces(place: Place, *, edition: str, parts: int) -> Iterator[bytes]:
    for position in range(parts):
        row = ArtifactPart.objects.filter(run_id=place.run.pk, edition=edition, position=position).first()
        if row is None:
            raise SealBroken
        context = artifact_part_context(
            **place.names, edition=edition, position=position, is_last=position == parts - 1
        )
        yield aead.open_sealed(place.room_key, bytes(row.sealed), context=context)


def _hold(run: Run) -> None:
    """Keep the run from ending until this transaction does."""
    mine = Run.objects.filter(pk=run.pk, fence=run.fence, status=RunStatus.RUNNING)
    if not list(mine.select_for_update(no_key=True).values_list("pk")):
        raise StaleState(f"{run.pk}: not running any more")
