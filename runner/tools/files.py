"""The file tools: what a scope agent may see of the query agent's source."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from runner.bridge.sessions import SourceHidden

MAX_TEXT_CHARS = 1_000_000
_SEALED_NOTE = "The query agent is sealed: paths and sizes are shown, contents are not."


@dataclass(frozen=True, slots=True)
class FileListing:
    """What may always be known of a file."""

    path: str
    size_bytes: int
    attestable: bool


@dataclass
class QueryAgentFiles:
    """The stored source of one agent.

    ``read`` returns the text of every file by path; it is called at most once, when the first content
    is asked for, and never for a sealed agent.
    """

    listing: Sequence[FileListing]
    sealed: bool
    read: Callable[[], Mapping[str, str]] = field(repr=False)
    _texts: Mapping[str, str] | None = field(default=None, repr=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, init=False)

    def list_files(self) -> list[dict[str, Any]]:
        """Return path, size and attestability of each file."""
        return [asdict(entry) for entry in self.listing]

    def read_file(self, path: str) -> str | None:
        """Return the text of a file, None when there is none. Raises SourceHidden for a sealed agent."""
        if self.sealed:
            raise SourceHidden
        with self._lock:
            if self._texts is None:
                self._texts = self.read()
            return self._texts.get(path)


class ListFilesTool:
    """Lists the query agent's files."""

    name = "list_query_agent_files"
    description = "List the source files of the query agent that this room will run."
    parameters: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}, "required": []}

    def __init__(self, files: QueryAgentFiles) -> None:
        self._files = files

    def call(self, arguments: Mapping[str, Any]) -> str:
        """Return ``{"files": [...]}``, with a note when there is something to know about them."""
        listed = self._files.list_files()
        answer: dict[str, Any] = {"files": listed}
        if not listed:
            answer["note"] = "No source files are stored for the query agent."
        elif self._files.sealed:
            answer["note"] = _SEALED_NOTE
        return json.dumps(answer, ensure_ascii=False)


class ReadFileTool:
    """Reads one of the query agent's files."""

    name = "read_query_agent_file"
    description = "Read one source file of the query agent by its path."
    parameters: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"file_path": {"type": "string", "description": "A path from list_query_agent_files."}},
        "required": ["file_path"],
    }

    def __init__(self, files: QueryAgentFiles) -> None:
        self._files = files

    def call(self, arguments: Mapping[str, Any]) -> str:
        """Return the file's text, or a sentence that says why there is none."""
        path: str = arguments["file_path"]
        try:
            text = self._files.read_file(path)
        except SourceHidden:
            return _SEALED_NOTE
        if text is None:
            return f"File not found: {path[:200]}. Use list_query_agent_files to see what there is."
        if len(text) > MAX_TEXT_CHARS:
            return f"{text[:MAX_TEXT_CHARS]}\n[the file goes on; only its first {MAX_TEXT_CHARS} characters are shown]"
        return text
