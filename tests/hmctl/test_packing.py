"""A package is the same bytes for the same files, holds nothing by accident, and is checked before it leaves."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from attestation.digests import SourceFile, files_digest, source_digest
from hmctl.errors import BadInput
from hmctl.packages import ignore, packing


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    folder = tmp_path / "node_modules" / "scope-agent"  # a skipped name above the folder must not empty it
    (folder / "lib").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    (folder / "agent.py").write_text("print('hi')\n")
    (folder / "lib" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "lib" / "run.sh").chmod(0o700)
    for skipped in (".git", "__pycache__", "lib/.venv", "node_modules"):
        (folder / skipped).mkdir()
        (folder / skipped / "junk").write_text("junk")
    return folder


def _names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getnames()


def test_packs_sorted_and_leaves_the_usual_junk_out(agent: Path) -> None:
    package = packing.pack(agent)

    assert _names(package.archive) == ["Dockerfile", "agent.py", "lib/run.sh"]
    assert (package.name, package.filename) == ("scope-agent", "scope-agent.tar.gz")


def test_the_same_files_are_the_same_bytes_wherever_and_whenever(agent: Path, tmp_path: Path) -> None:
    first = packing.pack(agent).archive
    os.utime(agent / "agent.py", (1, 1))
    (agent / "agent.py").chmod(0o600)
    twin = tmp_path / "scope-agent"
    agent.rename(twin)

    assert packing.pack(twin).archive == first


def test_members_carry_no_owner_and_no_time(agent: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packing.pack(agent).archive)) as tar:
        seen = {(member.uid, member.gid, member.uname, member.mtime) for member in tar}
        modes = {member.name: member.mode for member in tar}

    assert seen == {(0, 0, "", 0)}
    assert modes == {"Dockerfile": 0o644, "agent.py": 0o644, "lib/run.sh": 0o755}


def test_digests_are_those_of_the_files_sent(agent: Path) -> None:
    package = packing.pack(agent)
    files = [
        SourceFile("Dockerfile", 0o644, b"FROM hivemind-agent-base\n"),
        SourceFile("agent.py", 0o644, b"print('hi')\n"),
        SourceFile("lib/run.sh", 0o755, b"#!/bin/sh\n"),
    ]

    assert package.source_sha256 == source_digest(files)
    assert package.files_sha256 == files_digest(files)


def test_a_folder_and_its_own_archive_have_the_same_digests(agent: Path, tmp_path: Path) -> None:
    package = packing.pack(agent)
    archive = tmp_path / "scope-agent.tar.gz"
    archive.write_bytes(package.archive)

    again = packing.pack(archive)

    assert again.archive == package.archive
    assert (again.name, again.source_sha256) == (package.name, package.source_sha256)


def test_a_dot_as_path_takes_the_folders_name(agent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(agent)

    assert packing.pack(Path()).name == "scope-agent"


def test_hidden_files_are_named(agent: Path) -> None:
    (agent / ".env").write_text("KEY=1")
    (agent / "lib" / ".cache").mkdir()
    (agent / "lib" / ".cache" / "x").write_text("")

    assert packing.pack(agent, allow_secrets=True).hidden_files == (".env", "lib/.cache/x")


def test_the_ignore_file_keeps_files_at_home_and_itself_too(agent: Path) -> None:
    (agent / ".env").write_text("KEY=1")
    (agent / "notes.md").write_text("")
    (agent / ignore.FILE_NAME).write_text("# secrets\n.env\n*.md\nlib/\n")

    assert _names(packing.pack(agent).archive) == ["Dockerfile", "agent.py"]


@pytest.mark.parametrize(
    ("rules", "path", "is_folder", "skipped"),
    [
        ("*.log", "a/b.log", False, True),
        ("/b.log", "a/b.log", False, False),
        ("a/*.log", "a/b.log", False, True),
        ("a/*.log", "a/c/b.log", False, False),
        ("a/**/b.log", "a/c/d/b.log", False, True),
        ("data/", "data", False, False),
        ("data/", "x/data", True, True),
        ("*.log\n!keep.log", "keep.log", False, False),
        ("x?z", "x/z", False, False),
        ("a.b", "aXb", False, False),
        ("", ".git", True, True),
        ("", "deep/__pycache__", True, True),
        ("", "git", True, False),
    ],
)
def test_ignore_patterns(rules: str, path: str, is_folder: bool, skipped: bool) -> None:
    assert ignore.parse(rules).skips(path, is_folder=is_folder) is skipped


def test_private_files_must_exist(agent: Path) -> None:
    package = packing.pack(agent, private=["agent.py"])
    assert [file.path for file in package.files if not file.attestable] == ["agent.py"]
    with pytest.raises(BadInput, match=r"no file 'agnet\.py'"):
        packing.pack(agent, private=["agnet.py"])


def test_links_are_refused_by_name(agent: Path) -> None:
    (agent / "passwd").symlink_to("/etc/passwd")

    with pytest.raises(BadInput, match="passwd is a symbolic link"):
        packing.pack(agent)


def test_a_fifo_is_refused_without_reading_it(agent: Path) -> None:
    os.mkfifo(agent / "pipe")

    with pytest.raises(BadInput, match="not a regular file"):
        packing.pack(agent)


def test_without_dockerfile_nothing_is_packed(agent: Path) -> None:
    (agent / "Dockerfile").rename(agent / "lib" / "Dockerfile")

    with pytest.raises(BadInput, match="no Dockerfile at its top"):
        packing.pack(agent)


def test_an_empty_folder_a_plain_file_and_a_large_file_are_refused(tmp_path: Path, agent: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "agent.txt").write_text("x")
    (agent / "model.bin").write_bytes(b"\0" * (packing.LARGEST_FILE + 1))
    for path, words in (("empty", "no files"), ("agent.txt", "neither a folder"), (str(agent), "larger than 15 MiB")):
        with pytest.raises(BadInput, match=words):
            packing.pack(tmp_path / path)


@pytest.mark.parametrize("kind", ["link", "escape", "absolute", "garbage", "truncated"])
def test_hostile_archives_are_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "agent.tar.gz"
    path.write_bytes(_hostile(kind))

    with pytest.raises(BadInput):
        packing.pack(path)


def _hostile(kind: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo({"escape": "../x", "absolute": "/x"}.get(kind, "Dockerfile"))
        if kind == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        content = os.urandom(4096)
        entry.size = 0 if kind == "link" else len(content)
        tar.addfile(entry, io.BytesIO(content))
    whole = packed.getvalue()
    return {"garbage": b"not a tar", "truncated": whole[: len(whole) // 2]}.get(kind, whole)
