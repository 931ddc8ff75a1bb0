"""The terms that were accepted, whole: `accepted-manifests/<hash>.json` with exactly the bytes that were signed.

A file proves itself: its name is the SHA-256 of its content.
"""

from pathlib import Path
from typing import Any, Final, cast

from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex
from attestation.errors import KernelError
from attestation.manifests.room import RoomManifest, parse_room
from attestation.reading import SHA256_HEX
from attestation.verifier import VerifiedRoom
from hmctl import files
from hmctl.errors import StoreDamaged

FOLDER: Final = "accepted-manifests"


class AcceptedManifests:
    """The accepted manifests of one home directory."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def keep(self, verified: VerifiedRoom) -> None:
        """Stores a verified manifest under its hash (BadInput if it cannot be written)."""
        files.private_dir(self._home)
        files.private_dir(self._home / FOLDER)
        files.replace(self._path(verified.manifest_hash), verified.canonical.decode("utf-8"))

    def find(self, manifest_hash: str) -> tuple[RoomManifest, dict[str, Any]] | None:
        """The manifest with this hash and its wire form, None if it was not kept (StoreDamaged for other content)."""
        if not SHA256_HEX.fullmatch(manifest_hash):
            return None
        path = self._path(manifest_hash)
        text = files.read(path)
        if text is None:
            return None
        if sha256_hex(text.encode("utf-8")) != manifest_hash:
            raise _damaged(path)
        try:
            wire = cast(dict[str, Any], ROOM_V1.decode_strict(text.encode("utf-8")))
            return parse_room(wire), wire
        except KernelError:
            raise _damaged(path) from None

    def _path(self, manifest_hash: str) -> Path:
        return self._home / FOLDER / f"{manifest_hash}.json"


def _damaged(path: Path) -> StoreDamaged:
    return StoreDamaged(
        f"{path} is not the manifest that its name says",
        hint="Remove it: the terms are then shown whole instead of as a difference.",
    )
