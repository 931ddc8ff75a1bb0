"""An answer is unpacked once, within its limit: a few bytes on the wire never fill the memory."""

import gzip
import json
import tracemalloc
import zlib

import pytest

from hmctl import services
from hmctl.client.transport import Answer, Call, Transport
from hmctl.errors import BadAnswer
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

MEBIBYTE = 1024 * 1024
ONCE = gzip.compress(bytes(64 * MEBIBYTE))
BOMB = gzip.compress(gzip.compress(bytes(512 * MEBIBYTE), compresslevel=1))


def _get(service: LyingService, reply: Reply, *, largest: int = MEBIBYTE) -> Answer:
    service.answer("GET", "/v1/healthz", reply)
    transport = Transport(services.parse(service.url))
    try:
        return transport.send(Call("GET", "/v1/healthz", 15.0, largest_body=largest))
    finally:
        transport.close()


def _packed(content: bytes, encoding: str = "gzip") -> Reply:
    return Reply(content, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip"])
def test_a_packed_answer_is_read(encoding: str, service: LyingService) -> None:
    reply = _packed(gzip.compress(b'{"status": "ok"}'), encoding)

    assert _get(service, reply).object() == {"status": "ok"}


@pytest.mark.parametrize("size", [MEBIBYTE, MEBIBYTE + 1])
def test_the_limit_counts_what_was_unpacked(size: int, service: LyingService) -> None:
    reply = _packed(gzip.compress(b"x" * size))
    if size <= MEBIBYTE:
        assert len(_get(service, reply).content) == size
        return
    with pytest.raises(BadAnswer, match="larger than 1 MiB"):
        _get(service, reply)


@pytest.mark.parametrize(("content", "encoding"), [(ONCE, "gzip"), (BOMB, "gzip, gzip"), (BOMB, "gzip")])
def test_a_bomb_takes_no_more_memory_than_the_limit(content: bytes, encoding: str, service: LyingService) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadAnswer):
            _get(service, _packed(content, encoding))
        assert tracemalloc.get_traced_memory()[1] < 16 * MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,identity", "br", "zstd", "deflate", "compress"])
def test_other_packings_are_refused(encoding: str, service: LyingService) -> None:
    with pytest.raises(BadAnswer, match="not asked for"):
        _get(service, _packed(b"{}", encoding))


WHOLE = gzip.compress(b'{"status": "ok"}')


@pytest.mark.parametrize(
    "content",
    [b"", WHOLE[:-4], WHOLE + b"more", WHOLE + WHOLE, b"{}", zlib.compress(b"{}"), WHOLE[:12] + b"\xff" + WHOLE[13:]],
    ids=["nothing", "without its end", "with more", "twice", "not packed", "of another form", "a changed byte"],
)
def test_what_cannot_be_unpacked_whole_is_no_answer(content: bytes, service: LyingService) -> None:
    with pytest.raises(BadAnswer, match="garbled"):
        _get(service, _packed(content))


def test_a_packed_refusal_is_explained_and_a_packed_bomb_of_evidence_refused(
    alice: Shell, service: LyingService
) -> None:
    refusal = json.dumps({"detail": "come back later"}).encode()
    service.answer("GET", "/v1/rooms", Reply(gzip.compress(refusal), 503, {"Content-Encoding": "gzip"}))
    assert "503: come back later" in alice("room", "list").err

    service.answer("GET", "/v1/attestation", _packed(BOMB, "gzip, gzip"))
    shown = alice("room", "list", "--json")
    assert shown.code == 1 and json.loads(shown.out)["error"]["code"] == "bad_answer"
