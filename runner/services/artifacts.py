"""Reading what a run left behind."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from attestation.sealing import aead
from attestation.sealing.context import artifact_context
from hivemind.kit import clock
from hivemind.kit.conf import conf
from rooms.services import opening
from runner.access.visibility import hides_payload
from runner.errors import ArtifactNotFound, BadArtifactName
from runner.models import Run
from tenants.principals import Principal

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Opened:
    """An artifact's plain bytes."""

    content: bytes = field(repr=False)
    content_type: str
    created_at: datetime


def read(run: Run, filename: str, *, principal: Principal) -> Opened:
    """The artifact, decrypted for this caller.

    Raises BadArtifactName, and ArtifactNotFound for one that is missing, hidden from this caller, or past its time.
    """
    if not NAME.fullmatch(filename) or ".." in filename:
        raise BadArtifactName
    found = run.artifacts.filter(filename=filename).first()
    oldest = clock.now() - timedelta(seconds=conf.retention.artifact_seconds)
    if found is None or found.created_at < oldest or hides_payload(run, principal):
        raise ArtifactNotFound
    key = opening.open_room_key(principal, run.room)
    context = artifact_context(tenant_id=run.tenant_id, room_id=run.room_id, run_id=run.id, filename=filename)
    content = aead.open_sealed(key, bytes(found.sealed), context=context)
    return Opened(content=content, content_type=found.content_type, created_at=found.created_at)
