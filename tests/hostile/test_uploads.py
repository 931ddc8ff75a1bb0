"""Hostile packages on the real decoder: refused as a whole, or nothing comes of the trick."""

import io
import tarfile
import time
import tracemalloc

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from agents.errors import BadArchive
from agents.models import Agent
from agents.packages import archive, context, limits
from runner.engine import build_context
from tests.factories.tenants import alice
from tests.hostile import archives

_SMALL = [name for name in archives.REFUSED if not name.startswith(("bomb", "entries", "folders"))]


@pytest.mark.parametrize("name", archives.REFUSED)
def test_a_hostile_package_is_refused_soon_and_in_little_memory(name: str) -> None:
    data = archives.REFUSED[name]()
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(BadArchive, match="Invalid archive"):
            archive.unpack(io.BytesIO(data))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 20
    assert peak < limits.STREAM_BYTES + 64 * archives.MIB


@pytest.mark.parametrize("name", archives.HARMLESS)
def test_of_a_trick_nothing_but_plain_files_is_left(name: str) -> None:
    make, paths = archives.HARMLESS[name]
    files = archive.unpack(io.BytesIO(make()))
    assert tuple(file.path for file in files) == tuple(sorted(paths))
    assert all(file.mode & ~0o777 == 0 for file in files)
    assert not any(b"hidden" in file.path.encode() for file in files)


@pytest.mark.parametrize("name", archives.HARMLESS)
def test_the_builder_gets_no_owner_no_attribute_and_no_special_bit(name: str) -> None:
    files = archive.unpack(io.BytesIO(archives.HARMLESS[name][0]()))
    with build_context.rewritten(context.pack(files), lambda old: old) as out, tarfile.open(fileobj=out) as tar:
        for member in tar:
            assert member.isfile() or member.isdir()
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
            assert member.mode & ~0o777 == 0
            assert not {key for key in member.pax_headers if key not in ("path", "mtime")}


@pytest.mark.parametrize("name", _SMALL)
def test_over_the_api_it_is_an_error_of_the_caller_and_leaves_nothing(db: None, name: str) -> None:
    who = alice()
    body = {
        "name": "x",
        "agent_type": "query",
        "archive": SimpleUploadedFile("a.tar.gz", archives.REFUSED[name]() or b"\0"),
    }
    answer = who.client.post("/v1/room-agents", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["detail"].startswith("Invalid archive")
    assert not Agent.objects.exists()


def test_there_are_enough_and_none_twice() -> None:
    made = [make() for name, make in archives.REFUSED.items() if name in _SMALL]
    assert len(set(made)) == len(made)
    assert len(archives.REFUSED) + len(archives.HARMLESS) >= 80
