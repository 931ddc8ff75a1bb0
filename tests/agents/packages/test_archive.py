"""Unpacking what a stranger packed."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.errors import BadArchive
from agents.packages import archive, context, limits
from attestation.digests import SourceFile, source_digest

MIB = 1024 * 1024


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def file(name: str, mode: int = 0o644) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode = mode
    return member


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def unpack(data: bytes) -> list[SourceFile]:
    return archive.unpack(io.BytesIO(data))


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_every_compression_gives_the_exact_bytes_and_modes(squeeze: Callable[[bytes], bytes]) -> None:
    blob = bytes(range(256)) * 5000
    data = packed(
        (file("./run.sh", 0o755), b"#!/bin/sh\r\n"), (file(".env", 0o600), b"A=1"), (file("a/b.bin", 0), blob)
    )
    assert unpack(squeeze(data)) == [
        SourceFile(".env", 0o600, b"A=1"),
        SourceFile("a/b.bin", 0o644, blob),
        SourceFile("run.sh", 0o755, b"#!/bin/sh\r\n"),
    ]


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a/..", "..", "a\\..\\x"])
def test_a_path_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(BadArchive):
        unpack(packed((file(name), b"x")))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE]
)
def test_links_and_devices_are_refused(kind: bytes) -> None:
    with pytest.raises(BadArchive):
        unpack(packed((special("x", kind, "Dockerfile"), b"")))


def test_a_path_that_is_both_file_and_folder_is_refused() -> None:
    with pytest.raises(BadArchive):
        unpack(packed((file("a"), b"x"), (file("a/b"), b"y")))


def test_the_later_of_two_equal_paths_counts() -> None:
    assert unpack(packed((file("a"), b"old"), (file("./a"), b"new")))[0].content == b"new"


def test_too_many_entries_are_refused() -> None:
    exactly = [(file(f"f{i}"), b"") for i in range(limits.ENTRIES)]
    assert len(unpack(packed(*exactly))) == limits.ENTRIES
    with pytest.raises(BadArchive):
        unpack(packed(*exactly, (special("d", tarfile.DIRTYPE), b"")))


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    member = file("big")
    member.size = limits.FILE_BYTES + 1
    with pytest.raises(BadArchive):
        unpack(gzip.compress(member.tobuf() + b"\0" * 1024))


def test_a_bomb_of_small_files_is_refused() -> None:
    member = file("x")
    member.size = limits.FILE_BYTES
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(
        engine.compress(chunk)
        for i in range(12)
        for chunk in (file_header(f"f{i}", limits.FILE_BYTES), *[b"\0" * MIB] * 15)
    )
    with pytest.raises(BadArchive, match="150 MiB"):
        unpack(bomb + engine.flush())


def file_header(name: str, size: int) -> bytes:
    member = file(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)


def test_a_giant_extended_header_does_not_take_memory() -> None:
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, 2 * 1024**3
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    stream = engine.compress(member.tobuf(tarfile.USTAR_FORMAT)) + engine.compress(b"\0" * MIB) + engine.flush()
    with pytest.raises(BadArchive):
        unpack(stream)


def test_an_xz_that_wants_much_memory_is_refused() -> None:
    filters = [
        {"id": lzma.FILTER_LZMA2, "dict_size": 1024 * MIB, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3, "nice_len": 8}
    ]
    header_only = lzma.compress(b"", format=lzma.FORMAT_XZ)
    try:
        hungry = lzma.compress(packed((file("a"), b"x")), format=lzma.FORMAT_XZ, filters=filters)
    except MemoryError:
        pytest.fail("this machine cannot even make the archive")
    with pytest.raises(BadArchive):
        unpack(hungry)
    assert header_only


@pytest.mark.parametrize("cut", [10, 300, 600, 900])
def test_a_truncated_archive_is_refused(cut: int) -> None:
    data = packed((file("a"), random.Random(1).randbytes(800)))
    with pytest.raises(BadArchive):
        unpack(data[:cut])
    with pytest.raises(BadArchive):
        unpack(gzip.compress(data)[: cut // 2])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=4096))
def test_noise_never_ends_in_anything_but_a_verdict(noise: bytes) -> None:
    for data in (noise, b"\x1f\x8b\x08" + noise, b"BZh9" + noise, b"\xfd7zXZ\x00" + noise):
        try:
            unpack(data)
        except BadArchive:
            continue


def test_packing_for_a_build_keeps_the_digest_and_is_deterministic() -> None:
    files = unpack(packed((file("b", 0o755), b"2"), (file("ä/a"), b"\xff\x00")))
    again = unpack(context.pack(reversed(files)))
    assert source_digest(again) == source_digest(files)
    assert context.pack(files) == context.pack(list(reversed(files)))
