"""Fetching what a run produced, checked against the signed list where there is one before it is written."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
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
from hmctl.client.wire import Artifact, RunRow
from hmctl.errors import BadInput, HmctlError, RecordRejected
from hmctl.secret import Secret

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
FOLDER: Final = "hivemind-artifacts"
OnPart = Callable[[int], None]


@dataclass(frozen=True)
class Target:
    """Where files go. `folder` None means a folder of the run's own below the present one."""

    folder: Path | None = None
    overwrite: bool = False

    def folder_of(self, run_id: str) -> Path:
        """The folder that a run's files go to."""
        return self.folder if self.folder is not None else Path.cwd() / FOLDER / run_id


@dataclass
class Fetched:
    """What was saved, and what was not and why."""

    saved: dict[str, Path] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def _unseen(_artifact: Artifact) -> AbstractContextManager[OnPart | None]:
    return nullcontext()


@dataclass(frozen=True)
class Fetching:
    """How files are fetched: by whom, checked against what, and who watches."""

    client: V1
    verified: VerifiedRun | None
    payer: Secret | None = None
    watch: Callable[[Artifact], AbstractContextManager[OnPart | None]] = _unseen


def fetch(how: Fetching, row: RunRow, *, target: Target) -> Fetched:
    """Saves every artifact under its name in the target's folder.

    A file that cannot be had or saved is noted; one that differs from what was signed raises RecordRejected, and is
    not written.
    """
    signed = _signed_digests(how.verified)
    fetched = Fetched()
    for artifact in row.artifacts:
        name = artifact.filename
        if not is_safe(name):
            fetched.failed[name] = "not a name to save a file under"
            continue
        try:
            fetched.saved[name] = _fetch_one(how, row, artifact, signed=signed, target=target)
        except RecordRejected:
            raise
        except HmctlError as problem:
            fetched.failed[name] = problem.message
    shown = {form for artifact in row.artifacts for form in (artifact.filename, hidden_name(artifact.filename))}
    fetched.failed |= dict.fromkeys(set(signed or {}) - shown, "the record names it, the service does not show it")
    return fetched


def is_safe(name: str) -> bool:
    """Whether the name is a plain file name."""
    return bool(_NAME.fullmatch(name)) and ".." not in name


def _fetch_one(
    how: Fetching, row: RunRow, artifact: Artifact, *, signed: Mapping[str, str] | None, target: Target
) -> Path:
    path = target.folder_of(row.run_id) / artifact.filename
    with how.watch(artifact) as on_part:
        content = how.client.artifact(row.run_id, artifact.filename, payer=how.payer, on_part=on_part)
    _check(artifact.filename, content, signed, row)
    if target.overwrite:
        files.save(path, content)
    elif not _is_there(path, content):
        files.save_new(path, content)
    return path


def _is_there(path: Path, content: bytes) -> bool:
    """Whether this very file was saved before."""
    try:
        same_size = not path.is_symlink() and path.is_file() and path.stat().st_size == len(content)
        return same_size and path.read_bytes() == content
    except OSError as problem:
        raise BadInput(f"cannot read {path}: {problem.strerror}") from None


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
