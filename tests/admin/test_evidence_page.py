"""The Evidence page: what it says in every state of the evidence, and that it never says more than was established."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from attestation.server.services import collateral, examining, keeper, sources
from attestation.server.services.collateral import Statements, Unavailable
from attestation.server.services.examining import Result, Standing
from hivemind.kit import conf
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, listening

PAGE = "/admin/attestation/seenbuild/evidence/"
FACTS = MACHINE.facts


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """The socket of an agent that the settings name."""
    socket = tmp_path / "agent.sock"
    with conf.override("evidence", mode="development", dstack_endpoint=str(socket), timeout_seconds=8):
        yield socket
    sources.forget()


@pytest.fixture
def agent(path: Path) -> Iterator[None]:
    with listening(path):
        yield


@pytest.fixture
def hardware(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that passes for a real machine's, apart from the root that its quotes lead to."""
    monkeypatch.setattr(sources, "_made", lambda: keeper.Keeper(standing_in.real_machine(path)))
    monkeypatch.setattr(examining, "IntelRoot", lambda: MACHINE.authority.trust_root)
    with listening(path), conf.override("evidence", mode="dstack", pccs_url="https://pccs.example"):
        yield
    sources.forget()


def text_of(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def results(seen: examining.Examination) -> dict[str, Result]:
    return {check.name: check.result for check in seen.checks}


def fetching(monkeypatch: pytest.MonkeyPatch, fetch: Any) -> None:
    monkeypatch.setattr(collateral, "statements", Statements(fetch))


def genuine(url: str, quote: bytes) -> str:
    return str(MACHINE.development()["collateral"])


def test_no_evidence_by_configuration_is_said_plainly(olga: Client) -> None:
    text = text_of(olga)
    assert "No evidence, by configuration" in text and "Checks, as every client" not in text


def test_development_evidence_is_red_and_every_check_is_shown(olga: Client, agent: None) -> None:
    text = text_of(olga)
    assert "hm-need-danger" in text and "DEVELOPMENT: all of this proves nothing about hardware" in text
    for fact in (FACTS.compose_hash, FACTS.app_id, "UpToDate", "TCB status", "MRTD", "RTMR3", "Run signer"):
        assert fact in text
    assert "hm-badge-success" not in text, "nothing under a development root is green"


def test_the_checks_are_those_of_the_kernel(agent: None) -> None:
    seen = examining.examine()
    assert seen.standing is Standing.DEVELOPMENT and seen.proven is not None
    assert [check.name for check in seen.checks] == [check.name for check in seen.proven.checks]
    told = results(seen)
    assert {"quote signature", "nonce", "event log", "run signer and keys"} <= {
        name for name, result in told.items() if result is Result.VERIFIED
    }
    assert {told[name] for name in ("tls channel", "os image", "build", "app id")} == {Result.NOT_CHECKED}


def test_each_look_asks_with_a_nonce_of_its_own(agent: None, monkeypatch: pytest.MonkeyPatch) -> None:
    nonces: list[bytes] = []
    asked = examining.evidence.answer
    monkeypatch.setattr(examining.evidence, "answer", lambda nonce: nonces.append(nonce) or asked(nonce))
    examining.examine()
    examining.examine()
    assert len(set(nonces)) == 2 and {len(nonce) for nonce in nonces} == {32}


def test_a_replayed_answer_fails_at_its_check(olga: Client, agent: None, monkeypatch: pytest.MonkeyPatch) -> None:
    old = examining.evidence.answer(bytes(32))
    monkeypatch.setattr(examining.evidence, "answer", lambda nonce: old)
    seen = examining.examine()
    assert (seen.standing, seen.proven) == (Standing.FAILED, None)
    told = results(seen)
    assert told["report data"] is Result.FAILED
    assert told["quote signature"] is told["event log"] is Result.VERIFIED
    assert told["nonce"] is told["build"] is Result.NOT_CHECKED
    text = text_of(olga)
    assert "does not verify" in text and "Claimed, not proven" in text and "DEVELOPMENT" in text


def test_a_changed_quote_is_not_vouched_for(agent: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = examining.evidence.answer(bytes(32))
    quote = bytearray.fromhex(answer["attestation"]["tdx_quote_hex"])
    quote[48 + 136] ^= 1  # of MRTD
    answer["attestation"]["tdx_quote_hex"] = quote.hex()
    monkeypatch.setattr(examining.evidence, "answer", lambda nonce: answer)
    told = results(examining.examine())
    assert [name for name, result in told.items() if result is Result.FAILED] == ["quote signature"]
    assert told["tcb status"] is told["event log"] is Result.NOT_CHECKED


def test_an_agent_that_is_silent_is_said_to_be(olga: Client, path: Path) -> None:
    text = text_of(olga)
    assert "There is no evidence at the moment" in text and "guest agent not reachable" in text


def test_an_agent_that_stops_quoting_is_said_to(olga: Client, path: Path) -> None:
    with listening(path):
        sources.keeper().evidence()
    assert "guest agent not reachable" in text_of(olga)


def test_real_hardware_is_judged_with_the_operators_collateral(
    olga: Client, hardware: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetching(monkeypatch, lambda url, quote: asked.append(url) or genuine(url, quote))
    monkeypatch.setattr(type(MACHINE.authority.trust_root), "development", False)
    text = text_of(olga)
    assert "Verified: this machine proves which build it runs" in text and "DEVELOPMENT" not in text
    assert "hm-badge-success" in text
    text_of(olga)
    assert asked == ["https://pccs.example"]


def test_without_a_cache_hardware_could_not_be_checked(olga: Client, hardware: None) -> None:
    with conf.override("evidence", pccs_url=""):
        seen = examining.examine()
        text = text_of(olga)
    assert seen.standing is Standing.COULD_NOT_CHECK and seen.proven is None
    assert Result.VERIFIED not in results(seen).values()
    assert "HIVEMIND_PCCS_URL is not set" in text and "Claimed, not proven" in text and "hm-badge-success" not in text


@pytest.mark.parametrize("problem", [ValueError("bad"), httpx.ConnectError("net"), OSError("net"), TimeoutError()])
def test_a_cache_that_fails_is_no_pass_and_is_left_alone_for_a_while(
    hardware: None, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    asked: list[int] = []

    def fetch(url: str, quote: bytes) -> str:
        asked.append(1)
        raise problem

    fetching(monkeypatch, fetch)
    for _ in range(2):
        seen = examining.examine()
        assert (seen.standing, seen.reason) == (Standing.COULD_NOT_CHECK, collateral.NOT_TO_BE_HAD)
    assert len(asked) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", "x" * 2**21])
def test_a_cache_that_answers_nonsense_is_no_pass(hardware: None, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    fetching(monkeypatch, lambda url, quote: text)
    assert examining.examine().standing is Standing.COULD_NOT_CHECK


def test_one_thread_fetches_and_the_others_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[object] = []
    found = Statements(lambda url, quote: inner.append(found.find(quote)) or genuine(url, quote))
    with conf.override("evidence", pccs_url="https://pccs.example"):
        assert not isinstance(found.find(b""), Unavailable)
    assert inner == [Unavailable(collateral.ON_ITS_WAY)]


def test_every_name_that_a_step_can_fail_with_has_its_place() -> None:
    kernel = Path(examining.__file__).parents[2]
    files = [kernel / "evidence" / "errors.py", kernel / "policy" / "errors.py"]
    named = {name for file in files for name in re.findall(r'^    check = "([^"]+)"', file.read_text(), re.MULTILINE)}
    elsewhere = {"policy"}  # a demand that nobody wrote down right
    assert named - elsewhere <= {name for names in examining.STEPS for name in names}


def test_the_page_asks_the_database_for_nothing_but_who_looks(olga: Client, agent: None) -> None:
    olga.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        olga.get(PAGE)
    assert len(queries) <= 4, [query["sql"] for query in queries]


def test_who_may_not_see_it_does_not(client: Client, db: None) -> None:
    assert client.get(PAGE)["Location"].startswith("/admin/login/")
