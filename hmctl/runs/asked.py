"""What this machine asked: one small private file per run, so that an answer can be fetched and verified later.

Holds hashes, never the question.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError
from hmctl import files, ids
from hmctl.client import wire
from hmctl.errors import StoreDamaged

_MOST_KEPT: Final = 1000


@dataclass(frozen=True)
class Asked:
    """The facts of one ask that its signed record has to repeat.

    An empty text means the fact is not known or was not bound, so it cannot be compared.
    """

    run_id: str
    service: str
    room_id: str
    room_manifest_hash: str
    prompt_hash: str = ""
    client_nonce: str = ""
    query_agent_id: str = ""
    query_files_sha256: str = ""
    query_source_sha256: str = ""
    asked_at: float = 0.0


class AskedRuns:
    """The asks of one home directory."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / "runs"

    def keep(self, asked: Asked) -> None:
        """Writes the facts before the question leaves; the oldest files beyond a thousand go."""
        files.private_dir(self._home)
        files.private_dir(self._folder)
        files.replace(self._path(asked.run_id), json.dumps(asdict(asked), indent=2, sort_keys=True) + "\n")
        for path in sorted(self._folder.glob("*.json"), key=_age)[:-_MOST_KEPT]:
            path.unlink(missing_ok=True)

    def find(self, run_id: str) -> Asked | None:
        """The facts of an ask made from here (StoreDamaged when the file cannot be relied on)."""
        text = files.read(self._path(run_id))
        if text is None:
            return None
        damaged = StoreDamaged(f"{self._path(run_id)} is damaged", hint="Move it away.")
        try:
            members = ROOM_V1.decode_strict(text.encode("utf-8"))
        except CanonicalError:
            raise damaged from None
        if not isinstance(members, dict) or members.get("run_id") != run_id:
            raise damaged
        noted = {name: members.get(name, "") for name in Asked.__dataclass_fields__ if name != "asked_at"}
        if not all(isinstance(value, str) for value in noted.values()):
            raise damaged
        return Asked(asked_at=wire.number(members, "asked_at") or 0.0, **noted)

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{ids.checked(run_id, what='run')}.json"


def _age(path: Path) -> float:
    """When a file was written; one that another command has just removed counts as the oldest."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
