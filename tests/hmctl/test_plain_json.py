"""An answer that two readers could take for two things is no answer; a number beyond use is no number."""

import json
from pathlib import Path
from typing import Any

import pytest

from hmctl.client import wire
from hmctl.errors import StoreDamaged
from hmctl.runs.asked import Asked, AskedRuns
from hmctl.trust.store import TrustStore
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

AMBIGUOUS = {
    "a member twice": b'{"rooms": [], "rooms": []}',
    "a member twice, further in": b'{"rooms": [{"room_id": "a", "room_id": "b"}]}',
    "a member twice, spelled in two ways": b'{"rooms": [], "r\\u006foms": []}',
    "no number": b'{"rooms": [], "next": NaN}',
    "infinity": b'{"rooms": [], "next": -Infinity}',
    "a number beyond all": b'{"rooms": [], "next": 1e999}',
    "digits without end": b'{"rooms": [], "next": ' + b"9" * 5000 + b"}",
    "half a character": b'{"rooms": [], "next": "\\ud800"}',
    "nesting": b'{"rooms": ' + b"[" * 70 + b"]" * 70 + b"}",
    "a mark of byte order": b'\xef\xbb\xbf{"rooms": []}',
    "another encoding": '{"rooms": []}'.encode("utf-16"),
    "bytes that are no text": b'{"rooms": ["\xff"]}',
    "two documents": b'{"rooms": []}{"rooms": []}',
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_answer_is_none(name: str, alice: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/rooms", Reply(AMBIGUOUS[name]))

    shown = alice("room", "list", "--json")

    assert (shown.code, json.loads(shown.out)["error"]["code"]) == (1, "bad_answer")


def _twice(body: dict[str, Any], name: str) -> Reply:
    """The honest answer, and before its last member another one of the same name."""
    text = json.dumps(body)
    return Reply(f"{text[:-1]}, {json.dumps(name)}: {json.dumps(body[name])}}}".encode())


def test_evidence_that_names_its_signer_twice_is_refused(alice: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/attestation", lambda asked: _twice(service._attestation(asked), "ready"))  # type: ignore[arg-type]

    shown = alice("room", "list", "--json")

    assert shown.code == 1 and json.loads(shown.out)["error"]["code"] == "bad_answer"
    assert not [asked for asked in service.asked if asked.bearer]


def test_a_room_that_is_shown_twice_is_refused(accepted: Shell, service: LyingService) -> None:
    service.answer("GET", ".*/attest", lambda asked: _twice({"room": service.rooms["room_0123456789ab"]}, "room"))

    shown = accepted("room", "ask", service.link(), "How much?", "--json")

    assert shown.code == 1 and json.loads(shown.out)["error"]["code"] == "bad_answer"
    assert not service.requests("POST", ".*/runs")


def test_a_moment_beyond_every_number_is_malformed_evidence(alice: Shell, service: LyingService) -> None:
    ready = {"ready": True, "booted_at": 10**400, "attestation": {}}
    service.answer("GET", "/v1/attestation", ready)

    shown = alice("room", "list", "--json")

    assert shown.code == 4
    assert json.loads(shown.out)["error"]["check"] == "attestation bundle"


@pytest.mark.parametrize(
    "value", [10**400, -(10**400), 2**63, float("nan"), float("inf"), True, "1", None, [1]], ids=repr
)
def test_what_is_no_usable_number_counts_as_absent(value: object) -> None:
    assert wire.number({"n": value}, "n") is None
    assert wire.whole({"n": value}, "n") is None


@pytest.mark.parametrize("value", [0, -5, 2**63 - 1])
def test_usable_numbers_are_read(value: int) -> None:
    assert wire.whole({"n": value}, "n") == value
    assert wire.number({"n": value}, "n") == float(value)


@pytest.mark.parametrize("text", ['{"version": 1, "version": 1, "services": {}}', '{"version": NaN, "services": {}}'])
def test_an_ambiguous_store_is_damaged(text: str, tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_text(text)

    with pytest.raises(StoreDamaged, match=r"trust\.json is not plain JSON"):
        TrustStore(tmp_path).all()


def test_a_note_of_an_ask_whose_facts_are_no_texts_is_damaged(tmp_path: Path) -> None:
    """A fact that is not known is not compared; damage must not pass for that."""
    runs = AskedRuns(tmp_path)
    runs.keep(Asked(run_id="4f0a9c1d22be", service="s", room_id="r", room_manifest_hash="h", prompt_hash="p"))
    path = tmp_path / "runs" / "4f0a9c1d22be.json"
    assert runs.find("4f0a9c1d22be") is not None
    path.write_text(path.read_text().replace('"p"', "5"))

    with pytest.raises(StoreDamaged):
        runs.find("4f0a9c1d22be")
