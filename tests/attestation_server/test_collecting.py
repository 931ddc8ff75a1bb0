"""What is collected is what a client will accept; an agent that lies is found out here and served to nobody."""

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from attestation.encoding import unhex
from attestation.evidence import report_data
from attestation.evidence.bundle import AppAuth, TlsClaim
from attestation.evidence.enclave_tls import enclave_certificate
from attestation.keys import derive_run_signer
from attestation.server import errors
from attestation.server.services import collecting
from attestation.server.standin.machine import DevelopmentMachine
from attestation.server.standin.server import answers
from hivemind.kit import conf
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, NONCE, listening

VECTORS = Path(__file__).parents[1] / "vectors"
KEYS = json.loads((VECTORS / "keys.json").read_text())
CALLS = json.loads((VECTORS / "attestation_bundle.json").read_text())["guest_agent_calls"]
OTHER = DevelopmentMachine(b"o" * 32, standing_in.VERSION)
NEWER = DevelopmentMachine(standing_in.SEED, "9.9.9")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


@pytest.fixture
def certificate() -> Any:
    """Olga's machine ends TLS itself."""
    with conf.override("evidence", enclave_tls=True):
        yield enclave_certificate(bytes.fromhex(MACHINE.key("hivemind-tls-v1")["key"]))


def collected(path: Path) -> collecting.Evidence:
    return collecting.collect(standing_in.source(path), booted_at=1.0)


def quoting(machine: DevelopmentMachine, data: bytes | None = None) -> standing_in.Call:
    return lambda request: machine.quote(data or unhex(request.text("report_data")))


def test_the_claims_are_those_of_the_quote(path):
    with listening(path):
        found = collected(path)
    bundle = found.bundle
    assert bundle.compose_hash == found.identity.compose_hash == MACHINE.facts.compose_hash
    assert (bundle.app_id, bundle.instance_id) == (MACHINE.facts.app_id, MACHINE.facts.instance_id)
    assert bundle.measurements["rtmr3"] == MACHINE.measurements.rtmrs[3].hex()
    assert bundle.measurements["mr_config_id"] == MACHINE.measurements.mr_config_id.hex()
    assert bundle.report_data_version == 1
    assert (bundle.tls, bundle.app_auth) == (TlsClaim(), AppAuth())
    assert bundle.run_signer_key_path == "hivemind-runs-v1"


def test_the_run_signer_is_derived_as_published(path):
    vector = KEYS["run_signer"]
    with listening(path, GetKey=lambda _: {"key": vector["kms_key_hex"], "signature_chain": []}):
        found = collected(path)
    assert found.bundle.run_signer_pubkey_b64 == vector["pubkey_b64"]
    assert found.identity.signer.seed.hex() == vector["seed_hex"]


def test_the_agent_is_asked_for_the_key_of_runs(path):
    asked = []

    def key(request: Any) -> dict[str, Any]:
        asked.append(dict(request.members))
        return MACHINE.key("hivemind-runs-v1")

    with listening(path, GetKey=key):
        found = collected(path)
    assert asked == [{"path": "hivemind-runs-v1", "purpose": "", "algorithm": "secp256k1"}]
    derived = derive_run_signer(bytes.fromhex(MACHINE.key("hivemind-runs-v1")["key"]))
    assert found.identity.signer.public == derived.public


def test_a_certificate_of_the_machine_is_named_by_both_kinds_of_quote(path, certificate):
    fingerprint = certificate.sha256
    source = standing_in.source(path)
    with listening(path):
        found = collecting.collect(source, booted_at=1.0)
        answer = collecting.answer(source, found, nonce=NONCE)
    assert found.bundle.report_data_version == 2
    assert found.bundle.tls == answer.tls
    assert (answer.tls.cert_fingerprint_sha256_hex, answer.tls.cert_pem) == (fingerprint.hex(), certificate.pem)
    expected = report_data.build_v2(standing_in.VERSION, cert_sha256=fingerprint)
    assert bytes.fromhex(MACHINE.quote(expected)["quote"]) == found.bundle.quote


def test_the_address_that_leads_to_this_machine_alone_names_app_port_and_gateway(path, certificate):
    with (
        listening(path),
        conf.override("service", port=8443),
        conf.override("evidence", pinning_gateway="gate.example"),
    ):
        assert collected(path).bundle.tls.pinning_url == f"https://{MACHINE.facts.app_id}-8443s.gate.example"
    with listening(path), conf.override("evidence", pinning_gateway=""):
        assert collected(path).bundle.tls.pinning_url == ""


def test_the_public_host_is_named_beside_the_usual_ones(path, certificate):
    with listening(path), conf.override("service", public_url="https://hive.example:8443"):
        pem = collected(path).bundle.tls.cert_pem
    hosts = x509.load_pem_x509_certificate(pem.encode()).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert hosts.value.get_values_for_type(x509.DNSName)[-1] == "hive.example"
    assert pem != certificate.pem


def test_a_public_host_that_no_certificate_can_name_stops_the_evidence(path, certificate):
    with (
        listening(path),
        conf.override("service", public_url="https://h\u00edve.example"),
        pytest.raises(errors.EnclaveKeyUnusable),
    ):
        collected(path)


def test_an_agent_that_gives_no_key_for_tls_stops_the_evidence(path, certificate):
    def key(request: Any) -> dict[str, Any]:
        made = MACHINE.key(request.text("path"))
        return made | {"key": ""} if request.text("path") == "hivemind-tls-v1" else made

    with listening(path, GetKey=key), pytest.raises(errors.GuestAgentMalformed):
        collected(path)


def test_the_registry_of_builds_is_shown_only_when_the_operator_pinned_one(path):
    pinned = {"app_auth_contract": "0xabc", "app_auth_rpc_url": "https://node.example"}
    with listening(path), conf.override("evidence", **pinned):
        assert collected(path).bundle.app_auth == AppAuth("0xabc", 11155111, "https://node.example", "")


LIES: dict[str, tuple[dict[str, standing_in.Call], str]] = {
    "a quote for other report data": ({"GetQuote": quoting(MACHINE, b"\1" * 64)}, "report_data_unknown"),
    "a quote for another version": (
        {"GetQuote": quoting(MACHINE, report_data.build_v1("0.0.1"))},
        "report_data_differs",
    ),
    "a quote for a connection": (
        {"GetQuote": quoting(MACHINE, report_data.build_v2(standing_in.VERSION, cert_sha256=bytes(32)))},
        "bundle_malformed",
    ),
    "the build of another version": ({"GetQuote": quoting(NEWER)}, "claim_differs"),
    "another build in its own words": (
        {"Info": lambda _: MACHINE.info() | {"compose_hash": "00" * 32}},
        "claim_differs",
    ),
    "another app in its own words": ({"Info": lambda _: MACHINE.info() | {"app_id": "00" * 20}}, "claim_differs"),
    "another instance": ({"Info": lambda _: MACHINE.info() | {"instance_id": "00" * 20}}, "claim_differs"),
    "the quote of another machine": (
        {"GetQuote": quoting(OTHER), "Info": lambda _: OTHER.info()},
        "chain_invalid",
    ),
    "the log of another machine": (
        {"GetQuote": lambda _: MACHINE.quote(bytes(64)) | {"event_log": NEWER.quote(bytes(64))["event_log"]}},
        "event_log_differs",
    ),
    "no log": ({"GetQuote": lambda _: MACHINE.quote(bytes(64)) | {"event_log": "[]"}}, "event_log_differs"),
    "no quote": ({"GetQuote": lambda _: MACHINE.quote(bytes(64)) | {"quote": ""}}, "quote_malformed"),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_agent_that_lies_is_found_out(path, lie, caplog):
    calls, code = LIES[lie]
    with listening(path, **calls), pytest.raises(errors.EvidenceRefused, match=code):
        collected(path)
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.code for record in told] == [code]
    assert "does not verify" in told[0].getMessage()


def test_a_machine_in_debug_mode_is_found_out(path):
    def debugged(request: Any) -> dict[str, Any]:
        made = bytearray.fromhex(MACHINE.quote(unhex(request.text("report_data")))["quote"])
        made[48 + 120] = 1
        return MACHINE.quote(bytes(64)) | {"quote": made.hex()}

    with listening(path, GetQuote=debugged), pytest.raises(errors.EvidenceRefused, match="debug_machine"):
        collected(path)


def test_a_quote_whose_signature_does_not_hold_is_found_out(path):
    def altered(request: Any) -> dict[str, Any]:
        made = bytearray.fromhex(MACHINE.quote(unhex(request.text("report_data")))["quote"])
        made[48 + 584 + 4] ^= 1
        return MACHINE.quote(bytes(64)) | {"quote": made.hex()}

    with listening(path, GetQuote=altered), pytest.raises(errors.EvidenceRefused, match="quote_forged"):
        collected(path)


def test_an_answer_binds_the_nonce_and_an_old_one_is_refused(path):
    source = standing_in.source(path)
    with listening(path):
        found = collecting.collect(source, booted_at=1.0)
        first = collecting.answer(source, found, nonce=NONCE)
        second = collecting.answer(source, found, nonce=bytes(32))
    assert first.report_data_version == second.report_data_version == 3
    assert first.quote != second.quote
    replayed = listening(path, GetQuote=lambda _: MACHINE.quote(bytes(64)) | {"quote": first.quote.hex()})
    with replayed, pytest.raises(errors.EvidenceRefused, match="report_data_differs"):
        collecting.answer(source, found, nonce=bytes(32))


def test_an_agent_that_answers_a_nonce_with_the_quote_of_the_start_is_found_out(path):
    source = standing_in.source(path)
    with listening(path):
        found = collecting.collect(source, booted_at=1.0)
    started = listening(path, GetQuote=quoting(MACHINE, report_data.build_v1(standing_in.VERSION)))
    with started, pytest.raises(errors.EvidenceRefused, match="nonce_not_bound"):
        collecting.answer(source, found, nonce=NONCE)


def test_another_build_does_not_answer_for_this_one(path):
    source = standing_in.source(path)
    with listening(path):
        found = collecting.collect(source, booted_at=1.0)
    with listening(path, NEWER), pytest.raises(errors.IdentityChanged):
        collecting.answer(source, found, nonce=NONCE)


def test_on_hardware_nobody_is_asked_for_the_root(path):
    source = standing_in.real_machine(path)
    with listening(path, Development=lambda _: {}):
        found = collecting.collect(source, booted_at=1.0)
        answer = collecting.answer(source, found, nonce=NONCE)
    assert found.statements is None
    assert "development" not in found.to_wire(answer)


def test_a_stand_in_does_not_pass_for_hardware(path):
    hardware = dataclasses.replace(standing_in.source(path), kind="dstack")
    with listening(path), pytest.raises(errors.EvidenceRefused, match="chain_invalid"):
        collecting.collect(hardware, booted_at=1.0)


def test_the_agent_is_asked_what_published_services_ask_it(path, certificate):
    """For what an old client gets; who sends a nonce is answered with a quote of its own."""
    asked = []

    def noting(name: str) -> standing_in.Call:
        def answer(request: Any) -> dict[str, Any]:
            asked.append({"path": f"/{name}", "body": dict(request.members)})
            return answers(MACHINE)[f"/{name}"](request)

        return answer

    with listening(path, **{name: noting(name) for name in ("GetKey", "GetQuote", "Info")}):
        collected(path)
    quoted = report_data.build_v2(standing_in.VERSION, cert_sha256=certificate.sha256).hex()
    calls = json.loads(json.dumps(CALLS))
    [quote] = [call for call in calls if call["path"] == "/GetQuote"]
    quote["body"]["report_data"] = quoted
    assert sorted(asked, key=str) == sorted(calls, key=str)
