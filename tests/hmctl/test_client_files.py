"""What published clients keep in the home directory is read and written by this one too, byte for byte."""

import calendar
import json
from pathlib import Path
from typing import Any

import pytest

from hmctl.trust.acceptances import Acceptances, Terms
from hmctl.trust.store import Approval, TrustStore

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "client_files.json").read_text())
TRUST = json.loads(GOLDEN["trust_json_text"])
[(SERVICE, ENTRY)] = TRUST["services"].items()
PROFILE, ACCEPTED_AT, ROOM, OWNER, MANIFEST = GOLDEN["acceptance_key"].split("|")
TERMS = Terms(PROFILE, ACCEPTED_AT, ROOM, OWNER, MANIFEST)


def unix(moment: str) -> float:
    return float(calendar.timegm((int(moment[:4]), int(moment[5:7]), int(moment[8:10]), 0, 0, 0)))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A home directory as a published client left it, with its usual permissions."""
    entry = {
        "accepted_at": 1760000000.25,
        "manifest_hash": MANIFEST,
        "name": "Sales",
        "owner_pubkey_b64": OWNER,
        "profile": PROFILE,
        "room_id": ROOM,
        "service": ACCEPTED_AT,
    }
    (tmp_path / "trust.json").write_text(GOLDEN["trust_json_text"] + "\n")
    (tmp_path / "accepted-rooms.json").write_text(
        json.dumps({GOLDEN["acceptance_key"]: entry}, indent=2, sort_keys=True) + "\n"
    )
    return tmp_path


def content(path: Path) -> Any:
    return json.loads(path.read_text())


def approve_twice(home: Path) -> None:
    """The two approvals after which a published client has the golden file."""
    store, [first] = TrustStore(home), ENTRY["history"]
    for compose, certificate, moment in (
        (first["hash"], "", first["approved_at"]),
        (ENTRY["approved_compose_hash"], ENTRY["cert_fingerprint_sha256_hex"], ENTRY["approved_at"]),
    ):
        store.approve(
            SERVICE, compose_hash=compose, app_id=ENTRY["app_id"], certificate_sha256=certificate, at=unix(moment)
        )


def test_approvals_of_a_published_client_are_read(published: Path) -> None:
    [approval] = TrustStore(published).all()
    assert approval == Approval(
        service=SERVICE,
        compose_hash=ENTRY["approved_compose_hash"],
        app_id=ENTRY["app_id"],
        approved_at=ENTRY["approved_at"],
        first_seen_at=ENTRY["first_seen_at"],
        raw=ENTRY,
    )
    assert TrustStore(published).find(SERVICE + "/") == approval


def test_approvals_are_written_as_published_clients_do(tmp_path: Path) -> None:
    approve_twice(tmp_path)
    assert (tmp_path / "trust.json").read_text().rstrip("\n") == GOLDEN["trust_json_text"]


def test_the_next_approval_is_written_into_the_file_of_a_published_client(published: Path) -> None:
    at = unix("2026-01-03T00:00:00Z")
    TrustStore(published).approve(SERVICE, compose_hash="ab" * 32, app_id="app1", certificate_sha256="", at=at)
    written = content(published / "trust.json")
    assert written["version"] == 1
    entry = written["services"][SERVICE]
    past = {"hash": ENTRY["approved_compose_hash"], "approved_at": ENTRY["approved_at"]}
    assert entry["history"] == [*ENTRY["history"], past]
    assert (entry["approved_compose_hash"], entry["approved_at"]) == ("ab" * 32, "2026-01-03T00:00:00Z")
    assert (entry["first_seen_at"], entry["app_id"]) == (ENTRY["first_seen_at"], "app1")
    assert "cert_fingerprint_sha256_hex" not in entry


def test_terms_have_the_name_that_published_clients_give_them() -> None:
    assert TERMS.key == GOLDEN["acceptance_key"]
    assert Terms(PROFILE, ACCEPTED_AT + "/", ROOM, OWNER, MANIFEST).key == TERMS.key


def test_acceptances_of_a_published_client_count(published: Path) -> None:
    assert Acceptances(published).has(TERMS)
    assert not Acceptances(published).has(Terms(PROFILE, ACCEPTED_AT, ROOM, OWNER, "0" * 64))
    assert not Acceptances(published).has(Terms("other", ACCEPTED_AT, ROOM, OWNER, MANIFEST))


def test_acceptances_are_written_as_published_clients_do(published: Path, tmp_path_factory: Any) -> None:
    home = tmp_path_factory.mktemp("new")
    Acceptances(home).accept(TERMS, name="Sales", at=1760000000.25)
    assert (home / "accepted-rooms.json").read_text() == (published / "accepted-rooms.json").read_text()


@pytest.mark.parametrize("name", ["trust.json", "accepted-rooms.json"])
def test_a_file_of_a_published_client_is_nobody_elses_after_the_next_change(published: Path, name: str) -> None:
    (published / name).chmod(0o644)
    if name == "trust.json":
        TrustStore(published).approve(
            "https://b.example", compose_hash="ab" * 32, app_id="", certificate_sha256="", at=1
        )
    else:
        Acceptances(published).accept(Terms(PROFILE, ACCEPTED_AT, ROOM, OWNER, "1" * 64), name="x", at=1.0)
    assert (published / name).stat().st_mode & 0o777 == 0o600
    assert content(published / name) != {}
