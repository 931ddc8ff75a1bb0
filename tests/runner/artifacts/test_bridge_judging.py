"""The routes by which a mediator that judges files decides, and what they refuse."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from runner.artifacts.desk import DeskClosed, FileRefused, NoSuchFile, NotText, TooLarge
from tests.runner.bridge.conftest import OpenRoom, bridge, limits, open_room, shared_bridge

__all__ = ["bridge", "limits", "open_room", "shared_bridge"]


@dataclass
class Judge:
    """A desk with one file, which may refuse."""

    decided: list[tuple[str, str]] = field(default_factory=list)
    refusal: FileRefused | None = None

    def listing(self) -> Sequence[dict[str, Any]]:
        return [{"filename": "a.md"}]

    def withhold(self, filename: str) -> Sequence[str]:
        return self._decide("withhold", filename, [filename])

    def replace(self, filename: str, *, text: str) -> Sequence[dict[str, Any]]:
        return self._decide(f"replace {text}", filename, [{"filename": filename}])

    def _decide(self, what: str, filename: str, answer: Any) -> Any:
        if self.refusal is not None:
            raise self.refusal
        self.decided.append((what, filename))
        return answer


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def client(open_room: OpenRoom, judge: Judge) -> httpx.Client:
    return open_room(role="mediator", judge=judge).client


def test_it_lists_withholds_and_replaces(client: httpx.Client, judge: Judge) -> None:
    assert client.get("/sandbox/artifacts").json() == {"artifacts": [{"filename": "a.md"}]}
    withheld = client.post("/sandbox/artifacts/a.md/withhold", json={})
    assert withheld.json() == {"withheld": ["a.md"], "error": None}
    replaced = client.post("/sandbox/artifacts/a.md/replace", json={"text": "clean"})
    assert replaced.json() == {"artifacts": [{"filename": "a.md"}], "error": None}
    assert judge.decided == [("withhold", "a.md"), ("replace clean", "a.md")]


def test_a_body_is_not_needed_to_withhold(client: httpx.Client) -> None:
    assert client.post("/sandbox/artifacts/a.md/withhold").status_code == 200


@pytest.mark.parametrize("body", [{}, {"text": 5}, {"text": None}, []])
def test_replacing_needs_a_text(client: httpx.Client, judge: Judge, body: object) -> None:
    assert client.post("/sandbox/artifacts/a.md/replace", json=body).status_code == 422
    assert judge.decided == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(NoSuchFile("none"), 404), (NotText("no"), 422), (TooLarge("large"), 413), (DeskClosed("over"), 503)],
)
def test_each_refusal_has_its_status(client: httpx.Client, judge: Judge, refusal: FileRefused, status: int) -> None:
    judge.refusal = refusal
    assert client.post("/sandbox/artifacts/a.md/replace", json={"text": "x"}).status_code == status


def test_only_the_holder_of_the_token_judges(client: httpx.Client, judge: Judge) -> None:
    for call in ("withhold", "replace"):
        answer = client.post(f"/sandbox/artifacts/a.md/{call}", json={"text": "x"}, headers={"Authorization": "x"})
        assert answer.status_code == 401
    assert judge.decided == []


@pytest.mark.parametrize("path", ["/sandbox/artifact-upload", "/sandbox/report-artifact"])
def test_a_mediator_leaves_no_files_of_its_own(client: httpx.Client, path: str) -> None:
    assert client.post(path, json={"filename": "a", "content_base64": ""}).status_code == 404


@pytest.mark.parametrize("role", ["scope", "query", "mediator"])
def test_nobody_else_judges(open_room: OpenRoom, judge: Judge, role: str) -> None:
    client = open_room(role=role, judge=None if role == "mediator" else judge).client
    assert client.get("/sandbox/artifacts").status_code == 404
    assert client.post("/sandbox/artifacts/a.md/withhold", json={}).status_code == 404
