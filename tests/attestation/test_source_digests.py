import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.digests import (
    SourceFile,
    attested_files_digest,
    files_digest,
    sha256_hex,
    source_digest,
    stored_files,
    text_hash,
)
from attestation.errors import SourceTreeError

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "agent_digests.json").read_text())["cases"]


def tree(files: dict[str, str], private: tuple[str, ...] = ()) -> list[SourceFile]:
    return [SourceFile(path, 0o644, text.encode(), path not in private) for path, text in files.items()]


def golden(name: str) -> list[SourceFile]:
    case = next(case for case in CASES if case["case"] == name)
    return tree(case["files"], tuple(case["private_paths"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_published_digests_are_those_of_the_protocol(case: dict[str, Any]) -> None:
    files = tree(case["files"], tuple(case["private_paths"]))
    stored = stored_files(reversed(files))
    assert files_digest(reversed(files)) == case["files_digest"]
    assert attested_files_digest(files) == case["attested_files_digest"]
    assert [file.path for file in stored] == case["order"]
    assert len(stored) == case["files_count"]
    assert sum(file.attestable for file in stored) == case["attested_files_count"]


def test_the_strong_digest_tells_apart_what_the_published_framing_confuses() -> None:
    one, other = golden("collision side 1"), golden("collision side 2")
    assert files_digest(one) == files_digest(other)
    assert source_digest(one) != source_digest(other)


@pytest.mark.parametrize(
    "changed",
    [
        [SourceFile("a.py", 0o755, b"x\n")],
        [SourceFile("a.py", 0o644, b"x\r\n")],
        [SourceFile("a.py", 0o644, b"x\n"), SourceFile(".env", 0o644, b"")],
        [SourceFile("a.py", 0o644, b"x\n"), SourceFile("__pycache__/a.pyc", 0o644, b"")],
        [SourceFile("b.py", 0o644, b"x\n")],
        [],
    ],
)
def test_the_strong_digest_sees_modes_line_ends_and_hidden_files(changed: list[SourceFile]) -> None:
    assert source_digest(changed) != source_digest([SourceFile("a.py", 0o644, b"x\n")])


def test_the_strong_digest_sees_bytes_that_reading_as_text_would_lose() -> None:
    one, other = [SourceFile("m.bin", 0o644, b"\xff")], [SourceFile("m.bin", 0o644, b"\xfe")]
    assert files_digest(one) == files_digest(other)
    assert source_digest(one) != source_digest(other)


def test_what_is_stored_is_text_with_line_feeds_and_nothing_hidden() -> None:
    files = [
        SourceFile("a.txt", 0o644, b"1\r\n2\r3\n\xff"),
        SourceFile(".git/config", 0o644, b""),
        SourceFile("lib/.secret/x", 0o644, b""),
        SourceFile("lib/__pycache__/x.pyc", 0o644, b""),
        SourceFile("lib/..x", 0o644, b""),
        SourceFile("lib/a.b", 0o644, b""),
    ]
    assert [(file.path, file.text) for file in stored_files(files)] == [
        ("a.txt", "1\n2\n3\n\ufffd"),
        ("lib/a.b", ""),
    ]


def test_two_files_of_one_path_have_no_digest() -> None:
    files = [SourceFile("a", 0o644, b"1"), SourceFile("a", 0o644, b"2")]
    for digest in (files_digest, attested_files_digest, source_digest):
        with pytest.raises(SourceTreeError):
            digest(files)


def test_a_path_that_cannot_be_encoded_has_no_strong_digest() -> None:
    with pytest.raises(SourceTreeError):
        source_digest([SourceFile("a\udcff", 0o644, b"")])


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3})?", fullmatch=True), st.binary(max_size=8), max_size=4))
def test_the_order_in_which_files_arrive_does_not_matter(contents: dict[str, bytes]) -> None:
    files = [SourceFile(path, 0o644, content) for path, content in contents.items()]
    assert source_digest(files) == source_digest(files[::-1])
    assert files_digest(files) == files_digest(files[::-1])


paths = st.text(st.sampled_from("ab\x00"), min_size=1, max_size=3)
trees = st.dictionaries(paths, st.binary(max_size=4), max_size=3)


@given(trees, trees)
def test_different_trees_never_share_a_strong_digest(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    digests = [
        source_digest([SourceFile(path, 0o644, content) for path, content in contents.items()])
        for contents in (one, other)
    ]
    assert (digests[0] == digests[1]) == (one == other)


def test_text_that_cannot_be_encoded_is_hashed_with_question_marks() -> None:
    assert text_hash("a\ud800b") == sha256_hex(b"a?b")
    assert text_hash("") == sha256_hex(b"")
