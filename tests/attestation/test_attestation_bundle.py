import copy
import json
from pathlib import Path
from typing import Any

import pytest

from attestation.encoding import b64
from attestation.errors import VerificationError
from attestation.evidence.bundle import DevelopmentSigner, NotReady, Ready, parse_bundle
from attestation.evidence.errors import BundleMalformed
from attestation.keys import SigningKey

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "evidence.json").read_text())


def changed(path: str, value: object) -> dict[str, Any]:
    """The golden response with one member replaced."""
    response: dict[str, Any] = copy.deepcopy(GOLDEN["ready"])
    *parents, last = path.split(".")
    holder = response
    for name in parents:
        holder = holder[name]
    holder[last] = value
    return response


def test_a_full_bundle_is_read_and_written_without_loss() -> None:
    bundle = parse_bundle(GOLDEN["ready"])
    assert isinstance(bundle, Ready)
    assert bundle.to_wire() == GOLDEN["ready"]
    assert bundle.quote.hex() == GOLDEN["ready"]["attestation"]["tdx_quote_hex"]
    assert bundle.tls.enabled
    assert bundle.app_auth.chain_id == 11155111


def test_a_service_outside_attested_hardware_says_so() -> None:
    bundle = parse_bundle(GOLDEN["not_ready"])
    assert isinstance(bundle, NotReady)
    assert bundle.development is None
    assert bundle.to_wire() == GOLDEN["not_ready"]


def test_a_development_signer_is_told_apart_from_evidence(alice: SigningKey) -> None:
    told = NotReady("no hardware", "1", DevelopmentSigner(alice.public_b64))
    wire = told.to_wire()
    assert wire["ready"] is False
    assert wire["development"]["run_signer_pubkey_b64"] == alice.public_b64
    assert "nothing" in wire["development"]["label"]
    assert parse_bundle(wire) == told


def test_a_ready_bundle_never_yields_a_development_signer(alice: SigningKey) -> None:
    wire = GOLDEN["ready"] | {"development": {"run_signer_pubkey_b64": alice.public_b64}}
    assert parse_bundle(wire) == parse_bundle(GOLDEN["ready"])


def test_older_services_may_leave_out_what_is_optional() -> None:
    response = copy.deepcopy(GOLDEN["ready"])
    for name in ("tls", "app_auth", "run_signer_pubkey_b64", "run_signer_key_path", "instance_id"):
        del response["attestation"][name]
    bundle = parse_bundle(response)
    assert isinstance(bundle, Ready)
    assert not bundle.tls.enabled
    assert bundle.run_signer_pubkey_b64 == ""


def test_hashes_are_lowered_for_comparison() -> None:
    bundle = parse_bundle(changed("attestation.compose_hash", "AB" * 32))
    assert isinstance(bundle, Ready)
    assert bundle.compose_hash == "ab" * 32


@pytest.mark.parametrize("junk", [None, [], "x", {}, {"ready": 1}, {"ready": "false"}, {"ready": True}])
def test_what_is_no_bundle_is_refused(junk: object) -> None:
    with pytest.raises(BundleMalformed):
        parse_bundle(junk)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("booted_at", "now"),
        ("attestation", []),
        ("attestation.tdx_quote_hex", ""),
        ("attestation.tdx_quote_hex", "0x04"),
        ("attestation.tdx_quote_hex", "zz"),
        ("attestation.event_log_json", []),
        ("attestation.measurements", None),
        ("attestation.measurements.mrtd", 5),
        ("attestation.compose_hash", None),
        ("attestation.report_data_version", "2"),
        ("attestation.report_data_version", True),
        ("attestation.app_auth.chain_id", "1"),
        ("attestation.tls.enabled", "true"),
        ("attestation.tls.cert_pem", None),
        ("attestation.run_signer_pubkey_b64", "not a key"),
        ("attestation.run_signer_pubkey_b64", b64(bytes(32))),
    ],
)
def test_a_member_of_a_wrong_form_is_refused(path: str, value: object) -> None:
    with pytest.raises(BundleMalformed) as refused:
        parse_bundle(changed(path, value))
    assert isinstance(refused.value, VerificationError)


@pytest.mark.parametrize("development", [5, {}, {"run_signer_pubkey_b64": "x"}, {"run_signer_pubkey_b64": None}])
def test_a_malformed_development_signer_is_refused(development: object) -> None:
    with pytest.raises(BundleMalformed):
        parse_bundle(GOLDEN["not_ready"] | {"development": development})
