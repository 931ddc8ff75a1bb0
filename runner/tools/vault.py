"""get_room_vault_items: the room's documents when the run began, shown through the stage's view."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from runner.scopefn.answers import Denied, Reading, View
from runner.tools import tally
from runner.tools.sql import error_text

COLUMNS = ("item_id", "text", "metadata", "created_at", "size_bytes")
# What a scope function sees as the statement behind a read of the vault.
SQL_ALL = "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items"
SQL_ONE = f"{SQL_ALL} WHERE item_id = %s"


class VaultItem(Protocol):
    """One document in the clear; ``created_at`` in unix seconds."""

    @property
    def item_id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def metadata(self) -> Mapping[str, Any]: ...
    @property
    def created_at(self) -> float: ...
    @property
    def size_bytes(self) -> int: ...


class VaultTool:
    """Reads the snapshot ``items`` (oldest first) through ``view``: a ScopeFunction, or FullRead."""

    name = "get_room_vault_items"
    description = "Read the room's vault items, all or one by item_id. Returns a JSON array of row objects."
    parameters: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"item_id": {"type": "string", "description": "Read only this item."}},
        "required": [],
    }

    def __init__(self, items: Sequence[VaultItem], *, view: View, verdicts: tally.GuardTally | None = None) -> None:
        self._rows = [
            (item.item_id, item.text, dict(item.metadata), item.created_at, item.size_bytes) for item in items
        ]
        self._view = view
        self._verdicts = verdicts or tally.GuardTally()

    def call(self, arguments: Mapping[str, Any]) -> str:
        """Return the allowed items as JSON text, or ``{"error": ...}``."""
        wanted = arguments.get("item_id")
        if wanted is None:
            reading = Reading(SQL_ALL, (), COLUMNS, self._rows)
        else:
            rows = [row for row in self._rows if row[0] == wanted]
            reading = Reading(SQL_ONE, (wanted,), COLUMNS, rows)
        answer = self._view.show(reading)
        if isinstance(answer, Denied):
            self._verdicts.note(tally.DENIED)
            return error_text(answer.reason)
        self._verdicts.note(tally.ALLOWED)
        return answer.json_text
