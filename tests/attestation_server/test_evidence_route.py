"""GET /v1/attestation as Bob's client sees it. Carol only wastes the service's time."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from attestation.encoding import unb64
from attestation.evidence.bundle import NotReady, Ready, parse_bundle
from attestation.evidence.collateral import parse_collateral
from attestation.evidence.errors import ChainInvalid, NonceNotBound, ReportDataDiffers
from attestation.evidence.roots import DevelopmentRoot, IntelRoot, TrustRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven
from attestation.server import signer
from attestation.server.services import collecting, keeper, sources
from hivemind.kit import clock, conf
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, NONCE, listening

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "evidence.json").read_text())["ready"]
NO_CHANNEL = NotGiven("TLS ends elsewhere")


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


def get(nonce: str | None = None, **headers: str) -> Any:
    return Client().get("/v1/attestation", {} if nonce is None else {"nonce": nonce}, headers=headers)


def verify(body: dict[str, Any], *, root: TrustRoot | None = None, **expected: Any) -> VerifiedEvidence:
    """As a client does that accepts this development root."""
    shown = body["development"]
    return verify_evidence(
        parse_bundle(body),
        expect=EvidenceExpectation(**({"nonce": NONCE, "tls_cert_sha256": NO_CHANNEL} | expected)),
        collateral=parse_collateral(json.dumps(shown["collateral"]).encode()),
        at=int(clock.now().timestamp()),
        roots=root or DevelopmentRoot(unb64(shown["root_ca_der_b64"])),
        policy=collecting._OWN_POLICY,
    )


def test_a_fresh_answer_proves_build_nonce_and_run_signer(agent, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        body = get(NONCE.hex()).json()
    proven = verify(body)
    assert proven.development
    assert proven.machine.compose.value == MACHINE.facts.compose_hash == signer.compose_hash()
    assert proven.run_signer_pubkey_b64 == signer.run_signer().key.public_b64
    assert set(proven.not_checked) == {"tls channel", "os image", "build", "app id", "key provider", "run signer chain"}
    assert body["attestation"]["report_data_version"] == 3


def test_no_hardware_maker_vouches_for_it(agent):
    body = get(NONCE.hex()).json()
    assert "proves nothing" in body["development"]["label"]
    with pytest.raises(ChainInvalid):
        verify(body, root=IntelRoot())


def test_two_nonces_get_two_quotes_and_an_answer_does_not_serve_twice(agent):
    first, second = get(NONCE.hex()).json(), get("ff" * 32).json()
    assert first["attestation"]["tdx_quote_hex"] != second["attestation"]["tdx_quote_hex"]
    verify(second, nonce=b"\xff" * 32)
    with pytest.raises(ReportDataDiffers):
        verify(first, nonce=b"\xff" * 32)


def test_older_clients_get_the_shape_they_know(agent):
    body = get().json()
    assert set(body) - {"development"} == set(GOLDEN)
    assert set(body["attestation"]) == set(GOLDEN["attestation"])
    for part in ("measurements", "app_auth", "tls"):
        assert set(body["attestation"][part]) == set(GOLDEN["attestation"][part])
    assert {name: type(value) for name, value in body["attestation"].items()} == {
        name: type(value) for name, value in GOLDEN["attestation"].items()
    }
    assert body["attestation"]["report_data_version"] == 1
    assert isinstance(parse_bundle(body), Ready)


def test_without_a_nonce_the_same_quote_is_served_and_answers_no_nonce(agent):
    first, second = get().json(), get().json()
    assert first == second
    verify(first, nonce=NotGiven("an older client"))
    with pytest.raises(NonceNotBound):
        verify(first)


@pytest.mark.parametrize(
    "nonce", ["", "00", "0" * 63, "0" * 65, "g" * 64, "A" * 64, "0" * 64 + "\n", "\N{ARABIC-INDIC DIGIT ZERO}" * 64]
)
def test_a_nonce_of_another_form_is_refused(agent, nonce):
    refused = get(nonce)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "nonce"]


def test_without_evidence_a_nonce_changes_nothing(db):
    assert get(NONCE.hex()).json() == get().json()
    assert get().json()["reason"] == "no_attested_hardware"


@pytest.mark.parametrize("nonce", [None, NONCE.hex()])
def test_without_an_agent_the_reason_is_told_and_no_other_key_takes_its_place(path, nonce):
    answer = get(nonce)
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": False, "reason": "guest agent not reachable", "hivemind_version": "0.3.7"},
    )
    assert isinstance(parse_bundle(answer.json()), NotReady)
    assert signer.compose_hash() == ""


def test_an_agent_that_lies_is_served_to_nobody(path):
    with listening(path, GetQuote=lambda _: MACHINE.quote(b"\1" * 64)):
        body = get().json()
    assert body["ready"] is False
    assert body["reason"] == "the evidence does not verify: report_data_unknown"


def test_an_agent_that_begins_to_lie_gets_no_fresh_answer_out(path):
    with listening(path):
        get()
    with listening(path, GetQuote=lambda _: MACHINE.quote(b"\1" * 64)):
        refused = get(NONCE.hex())
    assert (refused.status_code, refused.json()["code"]) == (503, "evidence_refused")


def test_a_dead_agent_is_a_503_for_nonces_and_what_was_collected_before_is_still_served(path):
    with listening(path):
        before = get().json()
    refused = get(NONCE.hex())
    assert (refused.status_code, refused.json()["code"]) == (503, "guest_agent_unreachable")
    assert int(refused.headers["Retry-After"]) >= 1
    assert get().json() == before


def test_a_slow_quote_is_a_503_in_bounded_time(path):
    with conf.override("evidence", mode="development", dstack_endpoint=str(path), timeout_seconds=1):
        with listening(path):
            get()
        slow = standing_in.slowly(lambda _: MACHINE.quote(bytes(64)), 1.0)
        with listening(path, GetQuote=slow):
            refused = get(NONCE.hex())
        assert (refused.status_code, refused.json()["code"]) == (503, "guest_agent_slow")


def test_more_quotes_than_are_made_at_a_time_are_refused_with_a_time_to_wait(path, monkeypatch):
    monkeypatch.setattr(keeper, "SLOT_SECONDS", 0.05)
    gate = threading.Event()

    def gated(request: Any) -> dict[str, Any]:
        asked = request.text("report_data")
        if bytes.fromhex(asked)[32] == 3:
            gate.wait(5)
        return MACHINE.quote(bytes.fromhex(asked))

    with listening(path, GetQuote=gated), ThreadPoolExecutor(6) as pool:
        get()
        asked = [pool.submit(get, NONCE.hex()) for _ in range(6)]
        assert standing_in.eventually(lambda: sum(one.done() for one in asked) == 4)
        gate.set()
        answers = [one.result(10) for one in asked]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503, 503]
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.json()["code"] == "evidence_busy"
    assert refused.headers["Retry-After"] == "2"


def test_carol_gets_so_many_quotes_and_no_more_and_bob_gets_his(agent):
    with conf.override("throttles", evidence="2/hour"):
        carol = [Client(REMOTE_ADDR="10.77.0.1").get("/v1/attestation", {"nonce": "00" * 32}) for _ in range(3)]
        bob = Client(REMOTE_ADDR="10.77.0.2").get("/v1/attestation", {"nonce": NONCE.hex()})
        unmade = Client(REMOTE_ADDR="10.77.0.1").get("/v1/attestation")
    assert [answer.status_code for answer in carol] == [200, 200, 429]
    assert int(carol[-1].headers["Retry-After"]) > 1
    assert (bob.status_code, unmade.status_code) == (200, 200)


def test_the_signer_is_the_agents_and_says_what_it_is_worth(agent):
    signs = signer.run_signer()
    assert signs.kind == "development"
    assert signs.key.public_b64 == get().json()["attestation"]["run_signer_pubkey_b64"]


def test_a_key_of_hardware_says_so(path, monkeypatch):
    monkeypatch.setattr(sources, "_made", lambda: keeper.Keeper(standing_in.real_machine(path)))
    with listening(path), conf.override("evidence", mode="dstack"):
        assert signer.run_signer().kind == "dstack"
        assert "development" not in get().json()


def test_the_feature_is_announced_where_it_is_on(path):
    assert "fresh_evidence" in Client().get("/v1/healthz").json()["features"]
    with conf.override("evidence", mode=""):
        assert "fresh_evidence" not in Client().get("/v1/healthz").json()["features"]


def test_no_secret_is_in_answers_or_logs(agent, caplog):
    caplog.set_level("DEBUG")
    text = get().content + get(NONCE.hex()).content
    secrets = {standing_in.SEED, bytes.fromhex(MACHINE.key("hivemind-runs-v1")["key"]), signer.run_signer().key.seed}
    for secret in secrets:
        assert secret.hex().encode() not in text
        assert secret.hex() not in caplog.text
