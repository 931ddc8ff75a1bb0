"""A JSON object in a private file that several hmctl processes may change; damage is an error, never emptiness."""

import json
from collections.abc import Callable
from pathlib import Path

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError
from hmctl import files
from hmctl.errors import StoreDamaged

Document = dict[str, object]


class JsonStore:
    """One file of the home directory. `fresh` makes the content of a file that does not exist yet."""

    def __init__(self, home: Path, name: str, *, fresh: Callable[[], Document]) -> None:
        self._home = home
        self._fresh = fresh
        self.path = home / name

    def load(self) -> Document:
        """The whole content (StoreDamaged unless it is a JSON object)."""
        text = files.read(self.path)
        if text is None:
            return self._fresh()
        try:
            content = ROOM_V1.decode_strict(text.encode("utf-8"))
        except CanonicalError:
            raise self.damaged("is not plain JSON") from None
        if not isinstance(content, dict):
            raise self.damaged("is not a JSON object")
        return content

    def change(self, edit: Callable[[Document], None]) -> None:
        """Reads, edits and writes back while other processes wait."""
        with files.locked(self._home):
            content = self.load()
            edit(content)
            files.replace(self.path, json.dumps(content, indent=2, sort_keys=True) + "\n")

    def damaged(self, how: str) -> StoreDamaged:
        """The error that names this file and the way out."""
        return StoreDamaged(
            f"{self.path} {how}",
            hint="Look at it; if you move it away, everything it remembers has to be decided anew.",
        )
