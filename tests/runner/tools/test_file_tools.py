"""What a scope agent may see of the query agent's source."""

import json
import threading

import pytest

from runner.bridge.sessions import SourceHidden
from runner.tools.files import FileListing, ListFilesTool, QueryAgentFiles, ReadFileTool

LISTING = [FileListing("agent.py", 8, True), FileListing("notes/a.txt", 3, False)]
TEXTS = {"agent.py": "print(1)", "notes/a.txt": "abc"}


def files(*, sealed: bool = False, read=lambda: TEXTS, listing=LISTING) -> QueryAgentFiles:
    return QueryAgentFiles(listing=listing, sealed=sealed, read=read)


def never() -> dict:
    raise AssertionError("the source was opened")


def test_files_are_listed() -> None:
    assert json.loads(ListFilesTool(files(read=never)).call({})) == {
        "files": [
            {"path": "agent.py", "size_bytes": 8, "attestable": True},
            {"path": "notes/a.txt", "size_bytes": 3, "attestable": False},
        ]
    }


def test_an_agent_without_stored_files_says_so() -> None:
    answer = json.loads(ListFilesTool(files(listing=[])).call({}))
    assert answer["files"] == [] and answer["note"]


def test_a_file_is_read_as_it_is() -> None:
    assert ReadFileTool(files()).call({"file_path": "agent.py"}) == "print(1)"


@pytest.mark.parametrize("path", ["none.py", "../agent.py", "/etc/passwd", ""])
def test_a_missing_file_is_a_sentence(path: str) -> None:
    assert ReadFileTool(files()).call({"file_path": path}).startswith("File not found")


def test_sealed_source_is_never_opened() -> None:
    sealed = files(sealed=True, read=never)
    assert len(json.loads(ListFilesTool(sealed).call({}))["files"]) == 2
    assert "sealed" in ReadFileTool(sealed).call({"file_path": "agent.py"})
    with pytest.raises(SourceHidden):
        sealed.read_file("agent.py")


def test_the_source_is_opened_once_however_many_ask() -> None:
    opened: list[int] = []

    def read() -> dict[str, str]:
        opened.append(1)
        return TEXTS

    shared = files(read=read)
    threads = [threading.Thread(target=shared.read_file, args=("agent.py",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [1]


def test_an_endless_file_is_cut_and_says_so() -> None:
    text = ReadFileTool(files(read=lambda: {"big": "x" * 2_000_000})).call({"file_path": "big"})
    assert len(text) < 1_001_000 and text.endswith("are shown]")
