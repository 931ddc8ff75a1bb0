"""A body with one very long text is read in any chunks, and what is no such body is refused."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.bridge.content_scan import BadBase64, Base64Decoder, BodyMalformed, ContentScanner, OtherTooLarge

NAME = "content_base64"


def scanned(body: bytes, *, size: int) -> tuple[bytes, object]:
    scanner = ContentScanner(NAME)
    content = b"".join(piece for i in range(0, len(body), size) for piece in scanner.feed(body[i : i + size]))
    return content, json.loads(scanner.finish())


@given(
    content=st.binary(max_size=300),
    others=st.dictionaries(st.text(max_size=8).filter(lambda key: key != NAME), st.text(max_size=20), max_size=4),
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 2]),
    first=st.booleans(),
)
def test_any_object_is_split_the_same_in_any_chunks(
    content: bytes, others: dict[str, str], size: int, indent: int | None, first: bool
) -> None:
    text = base64.b64encode(content).decode()
    whole = {NAME: text, **others} if first else {**others, NAME: text}
    found, rest = scanned(json.dumps(whole, indent=indent).encode(), size=size)
    assert base64.b64decode(found) == content
    assert rest == {**whole, NAME: ""}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_escapes_in_the_text_are_read_wherever_they_are_cut(size: int) -> None:
    body = rb'{"content_base64":"QU\/J\u002BQ\u003d=","filename":"a\"\\\u0062"}'
    found, rest = scanned(body, size=size)
    assert found == b"QU/J+Q=="
    assert rest == {NAME: "", "filename": 'a"\\b'}


@pytest.mark.parametrize(
    "body",
    [
        b'{"x": {"content_base64": "QQ=="}}',
        b'["content_base64", "QQ=="]',
        b'{"a": "content_base64", "b": "QQ=="}',
        b'{"content_base64": ["QQ=="]}',
        b'{"content_base64": null}',
    ],
)
def test_only_the_members_own_text_counts(body: bytes) -> None:
    found, rest = scanned(body, size=4)
    assert found == b""
    assert rest == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"content_base64": "QQ',
        b'{"content_base64": "QQ\\',
        b'{"content_base64": "\\x41"}',
        b'{"content_base64": "\\u00"}',
        b'{"content_base64": "QQ==", "content_base64": "QQ=="}',
        b'{"content_base64": "\\u00e9"}',
        b"{",
        b"",
        b'{"content_base64": "QQ=="} x',
        b'\xff{"content_base64": "QQ=="}',
        b'{"content_base64" "QQ=="}',
    ],
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises((BodyMalformed, ValueError)):
        scanned(body, size=3)


def test_everything_but_the_text_is_small() -> None:
    with pytest.raises(OtherTooLarge):
        scanned(b'{"filename": "' + b"a" * 100_000 + b'"}', size=4096)
    with pytest.raises(OtherTooLarge):
        scanned(b"[" * 100_000, size=4096)


@pytest.mark.parametrize("text", [b"QQ=", b"Q", b"QQ==QQ==", b"QQ\n==", b"QQ==\n", b"Q*==", b"=QQQ", b"QQ-_"])
def test_what_is_not_strict_base64_is_refused(text: bytes) -> None:
    for size in (1, 4, 100):
        with pytest.raises(BadBase64):
            decoder = Base64Decoder()
            for start in range(0, len(text), size):
                decoder.feed(text[start : start + size])
            if not decoder.is_whole:
                raise BadBase64
