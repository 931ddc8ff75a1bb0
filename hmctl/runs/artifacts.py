"""Fetching what a run produced, into a folder of its own, checked against the signed list where there is one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from attestation.digests import sha256_hex
from attestation.manifests.run_record import hidden_name
from attestation.receipts.errors import ArtifactDiffers
from attestation.verifier import VerifiedRun
from hmctl import files
from hmctl.client import wire
from hmctl.client.v1 import V1
from hmctl.client.wire import RunRow
from hmctl.errors import HmctlError, RecordRejected
from hmctl.secret import Secret

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
FOLDER: Final = "hivemind-artifacts"


@dataclass
class Fetched:
    """What was saved, and what was not and why."""

    saved: dict[str, Path] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def fetch(client: V1, row: RunRow, *, verified: VerifiedRun | None, payer: Secret | None, parent: Path) -> Fetched:
    """Saves every artifact as `parent/hivemind-artifacts/<run>/<name>`.

    A file that cannot be had is noted; one that differs from what was signed raises RecordRejected.
    """
    signed = _signed_digests(verified)
    fetched = Fetched()
    folder = parent / FOLDER / row.run_id
    for artifact in row.artifacts:
        name = artifact.filename
        if not is_safe(name):
            fetched.failed[name] = "not a name to save a file under"
            continue
        try:
            content = client.artifact(row.run_id, name, payer=payer)
            _check(name, content, signed, row)
            files.save(folder / name, content)
        except RecordRejected:
            raise
        except HmctlError as problem:
            fetched.failed[name] = problem.message
        else:
            fetched.saved[name] = folder / name
    shown = {form for artifact in row.artifacts for form in (artifact.filename, hidden_name(artifact.filename))}
    fetched.failed |= dict.fromkeys(set(signed or {}) - shown, "the record names it, the service does not show it")
    return fetched


def is_safe(name: str) -> bool:
    """Whether the name is a plain file name."""
    return bool(_NAME.fullmatch(name)) and ".." not in name


def _signed_digests(verified: VerifiedRun | None) -> Mapping[str, str] | None:
    """Digest by file name, in clear or hidden, None when the record says nothing about artifacts."""
    if verified is None or "artifacts" not in verified.body:
        return None
    return {wire.text(item, "filename"): wire.text(item, "sha256") for item in wire.objects(verified.body, "artifacts")}


def _check(name: str, content: bytes, signed: Mapping[str, str] | None, row: RunRow) -> None:
    if signed is not None and signed.get(name, signed.get(hidden_name(name))) != sha256_hex(content):
        raise RecordRejected(
            f"The artifact {name} differs from what was signed.",
            run_id=row.run_id,
            code=ArtifactDiffers.code,
            check=ArtifactDiffers.check,
        )
