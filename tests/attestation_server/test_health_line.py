"""What Olga reads about evidence on the admin's first page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from attestation.server.services import keeper, sources
from hivemind import admin_services
from hivemind.kit import conf
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, eventually, listening


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    socket = tmp_path / "agent.sock"
    with conf.override("evidence", mode="development", dstack_endpoint=str(socket)):
        yield socket
    sources.forget()


def shows(mood: str, words: str) -> bool:
    line = admin_services.attestation()
    return line.mood == mood and words in line.said


def test_without_evidence_the_line_says_what_the_key_is_worth():
    assert shows("doubtful", "development keys: proves nothing about hardware")


def test_development_evidence_is_never_all_well(path):
    with listening(path):
        assert eventually(lambda: shows("doubtful", "development evidence: proves nothing about hardware, ready"))


def test_a_missing_agent_is_ill_with_its_reason_and_nobody_waits(path):
    assert eventually(lambda: shows("ill", "development evidence is not ready: guest agent not reachable"))


def test_the_first_look_does_not_wait(path):
    with listening(path, Info=standing_in.slowly(lambda _: MACHINE.info(), 0.5)):
        assert shows("ill", "not ready: starting")


def test_hardware_is_well_until_it_is_not_renewed(path, monkeypatch):
    monkeypatch.setattr(sources, "_made", lambda: keeper.Keeper(standing_in.real_machine(path)))
    monkeypatch.setattr(keeper, "REFRESH_SECONDS", 0.05)
    with conf.override("evidence", mode="dstack"):
        with listening(path):
            assert eventually(lambda: shows("well", "dstack evidence, ready"))
        assert eventually(lambda: shows("doubtful", "ready, last renewed "))
        assert shows("doubtful", "ago: guest agent not reachable")
