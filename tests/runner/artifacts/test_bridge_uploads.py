"""The routes by which a query stage leaves files: bodies, answers and statuses of the protocol, and hostile bodies."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from runner.artifacts.desk import Kept, ReportKept, TooLarge
from runner.artifacts.rules import LARGEST_BYTES
from tests.runner.bridge.conftest import OpenRoom, bridge, limits, open_room, shared_bridge

__all__ = ["bridge", "limits", "open_room", "shared_bridge"]
UPLOAD, REPORT = "/sandbox/artifact-upload", "/sandbox/report-artifact"


@dataclass
class Shelf:
    """A desk in memory; `largest_write` is the most that came at once."""

    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    reports: list[tuple[str, str, bool]] = field(default_factory=list)
    most: int = LARGEST_BYTES
    largest_write: int = 0
    pdf_error: str = ""

    def begin(self) -> "Incoming":
        return Incoming(self)

    def add_report(self, stem: str, *, markdown: str, with_pdf: bool) -> ReportKept:
        self.reports.append((stem, markdown, with_pdf))
        text = kept(f"{stem}.md", markdown.encode())
        pdf = kept(f"{stem}.pdf", b"%PDF") if with_pdf and not self.pdf_error else None
        return ReportKept(text, pdf, self.pdf_error)


@dataclass
class Incoming:
    shelf: Shelf
    content: bytearray = field(default_factory=bytearray)

    def write(self, content: bytes) -> None:
        self.shelf.largest_write = max(self.shelf.largest_write, len(content))
        self.content += content
        if len(self.content) > self.shelf.most:
            raise TooLarge("too large")

    def finish(self, filename: str, *, content_type: str) -> Kept:
        self.shelf.files[filename] = bytes(self.content), content_type
        return kept(filename, bytes(self.content))


def kept(name: str, content: bytes) -> Kept:
    return Kept(name, "t", len(content), hashlib.sha256(content).hexdigest(), f"/v1/runs/r1/artifacts/{name}", 86_400)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def client(open_room: OpenRoom, shelf: Shelf) -> httpx.Client:
    return open_room(desk=shelf).client


def body(content: bytes = b"hello", **others: Any) -> dict[str, Any]:
    return {"filename": "a.txt", "content_base64": base64.b64encode(content).decode(), **others}


def test_an_upload_is_kept_and_answered_as_the_protocol_says(client: httpx.Client, shelf: Shelf) -> None:
    answer = client.post(UPLOAD, json=body(content_type="text/plain"))
    assert (answer.status_code, answer.json()) == (
        200,
        {"path": "/v1/runs/r1/artifacts/a.txt", "size_bytes": 5, "retention_seconds": 86_400, "error": None},
    )
    assert shelf.files == {"a.txt": (b"hello", "text/plain")}
    client.post(UPLOAD, json=body(filename="  b.bin  "))
    assert shelf.files["b.bin"] == (b"hello", "application/octet-stream")


def test_the_largest_file_passes_in_small_pieces_and_one_byte_more_does_not(client: httpx.Client, shelf: Shelf) -> None:
    content = bytes(range(256)) * (LARGEST_BYTES // 256)
    assert client.post(UPLOAD, json=body(content)).json()["size_bytes"] == LARGEST_BYTES
    assert shelf.files["a.txt"][0] == content
    assert shelf.largest_write < 2 * 1024 * 1024
    shelf.files.clear()
    assert client.post(UPLOAD, json=body(content + b"x")).status_code == 413
    assert client.post(UPLOAD, json=body(content + content)).status_code == 413
    assert shelf.files == {}


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", ".env", "-a", "a..b", "a/b", "a\\b", "../a", "/etc/passwd", "a b", "ä.txt", "a\n", "a\u0000"),
        *("x" * 129, "a:b", "CON\u202etxt.", "a%2fb", "~", "*"),
    ],
)
def test_hostile_names_are_refused(client: httpx.Client, shelf: Shelf, name: str) -> None:
    answer = client.post(UPLOAD, json=body(filename=name))
    assert answer.status_code == (200 if name == "a\n" else 422), answer.text  # blanks at the ends are trimmed
    assert client.post(REPORT, json={"filename": name, "markdown": "x"}).status_code in (200, 422)
    assert not [kept for kept in shelf.files if kept != "a"]
    assert all(stem in ("a", "report") for stem, _, _ in shelf.reports)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (body(content_base64="###"), 400),
        (body(content_base64="QQ"), 400),
        (body(content_base64="QQ==\n"), 400),
        (body(content_base64="###", filename="../x"), 422),
        (body(content_base64=None), 422),
        (body(content_base64=5), 422),
        (body(content_base64=["QQ=="]), 422),
        ({"filename": "a"}, 422),
        ({"content_base64": "QQ=="}, 422),
        (body(filename=7), 422),
        (body(content_type="x" * 101), 422),
        (body(content_type="text/plain\r\nX-Evil: 1"), 422),
        (body(content_type="a\u0000"), 422),
        ([], 422),
        ("text", 422),
    ],
)
def test_malformed_uploads_are_refused_with_the_statuses_of_the_protocol(
    client: httpx.Client, shelf: Shelf, sent: object, status: int
) -> None:
    assert client.post(UPLOAD, json=sent).status_code == status
    assert shelf.files == {}
    assert client.post(UPLOAD, json=body()).status_code == 200


@pytest.mark.parametrize("raw", [b"", b"{", b'{"content_base64": "QQ', b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe"])
def test_bodies_that_are_no_json_are_refused(client: httpx.Client, shelf: Shelf, raw: bytes) -> None:
    assert client.post(UPLOAD, content=raw).status_code in (413, 422)
    assert shelf.files == {}


def test_compressed_bodies_are_not_unpacked(client: httpx.Client) -> None:
    assert client.post(UPLOAD, content=b"x", headers={"Content-Encoding": "gzip"}).status_code == 415


def test_what_the_desk_has_no_room_for_is_too_large(client: httpx.Client, shelf: Shelf) -> None:
    shelf.most = 10
    answer = client.post(UPLOAD, json=body(b"x" * 11))
    assert (answer.status_code, answer.json()["detail"]) == (413, "too large")


def test_reports_are_kept_in_both_forms(client: httpx.Client, shelf: Shelf) -> None:
    answer = client.post(REPORT, json={"filename": "q3.pdf", "markdown": "# Q3"}).json()
    assert answer["error"] is None
    assert [(item["path"], item["error"]) for item in answer["artifacts"]] == [
        ("/v1/runs/r1/artifacts/q3.md", None),
        ("/v1/runs/r1/artifacts/q3.pdf", None),
    ]
    client.post(REPORT, json={"markdown": "x", "include_pdf": False})
    assert shelf.reports == [("q3", "# Q3", True), ("report", "x", False)]


def test_a_pdf_that_could_not_be_made_is_said_and_the_text_is_kept(client: httpx.Client, shelf: Shelf) -> None:
    shelf.pdf_error = "The PDF could not be made: too long"
    items = client.post(REPORT, json={"markdown": "x"}).json()["artifacts"]
    assert [item["error"] for item in items] == [None, shelf.pdf_error]
    assert (items[1]["path"], items[1]["size_bytes"]) == ("", 0)


@pytest.mark.parametrize(
    "sent",
    [{}, {"markdown": ""}, {"markdown": 5}, {"markdown": "x", "include_pdf": "yes"}, {"markdown": "x", "filename": 1}],
)
def test_malformed_reports_are_refused(client: httpx.Client, shelf: Shelf, sent: dict[str, object]) -> None:
    assert client.post(REPORT, json=sent).status_code == 422
    assert shelf.reports == []


@pytest.mark.parametrize("path", [UPLOAD, REPORT])
def test_only_the_holder_of_the_token_leaves_files(client: httpx.Client, path: str) -> None:
    assert client.post(path, json=body(), headers={"Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize("role", ["scope", "mediator", "query"])
def test_stages_without_a_desk_do_not_have_the_routes(open_room: OpenRoom, role: str, shelf: Shelf) -> None:
    client = open_room(role=role, desk=shelf if role != "query" else None).client
    for path in (UPLOAD, REPORT, "/sandbox/artifacts/a.txt/withhold", "/sandbox/artifacts/a.txt/replace"):
        answer = client.post(path, json=body())
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert client.get("/sandbox/artifacts").status_code == 404
    assert json.dumps(shelf.files) == "{}"
