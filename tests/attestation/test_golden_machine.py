"""A machine that others invented, with everything that belongs to it: quotes, statements, log, build and bundle."""

import base64
import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from attestation.encoding import unhex
from attestation.errors import CouldNotCheck
from attestation.evidence import errors, report_data
from attestation.evidence.bundle import parse_bundle
from attestation.evidence.compose_hash import ComposeSource
from attestation.evidence.dcap import verify_quote
from attestation.evidence.quote import read_quote
from attestation.evidence.roots import DevelopmentRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven
from attestation.policy.errors import TcbStatusRefused
from tests.attestation import invented
from tests.attestation.invented import MOCK

VECTORS = Path(__file__).parents[1] / "vectors"
READY = json.loads((VECTORS / "evidence.json").read_text())["ready"]
WITHOUT_TLS = json.loads((VECTORS / "attestation_bundle.json").read_text())["differs_without_enclave_tls"]
ENCLAVE = json.loads((VECTORS / "enclave_tls.json").read_text())
ROOT = DevelopmentRoot(base64.b64decode(MOCK["root_ca_der_b64"]))
CERTIFICATE = unhex(MOCK["tls_fingerprint_hex"], 32)
OPEN = EvidencePolicy(
    platform=invented.IN_ORDER,
    os_image=NotGiven("first contact"),
    build=NotGiven("first contact"),
    app=NotGiven("first contact"),
    key_provider=NotGiven("first contact"),
)


def quote(name: str) -> bytes:
    return base64.b64decode(MOCK["quotes_b64"][name])


def with_quote(name: str, wire: dict[str, Any] = READY, **changes: Any) -> dict[str, Any]:
    """The bundle with another quote of the machine, and other claims."""
    changed = copy.deepcopy(wire)
    changed["attestation"] |= {"tdx_quote_hex": quote(name).hex()} | changes
    return changed


def judged(wire: dict[str, Any], *, tls: bytes | NotGiven = CERTIFICATE, statements: str = "up_to_date") -> Any:
    """What the bundle proves about the end of this connection."""
    return verify_evidence(
        parse_bundle(wire),
        expect=EvidenceExpectation(nonce=NotGiven("made at the start"), tls_cert_sha256=tls),
        collateral=invented.mock_collateral(statements),
        at=MOCK["now"],
        roots=ROOT,
        policy=OPEN,
    )


def test_report_data_name_version_and_certificate_as_written_down() -> None:
    version = MOCK["app_version"]
    assert read_quote(quote("v1_ok")).report_data.hex() == MOCK["report_data_v1_hex"]
    assert read_quote(quote("v2_ok")).report_data.hex() == MOCK["report_data_v2_hex"]
    assert report_data.build_v1(version).hex() == MOCK["report_data_v1_hex"]
    assert report_data.build_v2(version, cert_sha256=CERTIFICATE).hex() == MOCK["report_data_v2_hex"]


def test_its_certificate_is_the_one_that_its_key_makes() -> None:
    told = READY["attestation"]["tls"]
    assert told["cert_pem"] == ENCLAVE["cert_pem"]
    assert told["cert_fingerprint_sha256_hex"] == ENCLAVE["cert_der_sha256"] == MOCK["tls_fingerprint_hex"]


def test_its_build_is_the_hash_of_the_measured_text() -> None:
    assert hashlib.sha256(MOCK["app_compose"].encode()).hexdigest() == MOCK["compose_hash"]
    assert MOCK["compose_hash"].startswith(MOCK["app_id"])


def test_its_bundle_proves_build_app_and_connection_and_no_signer() -> None:
    proven: VerifiedEvidence = judged(READY)
    compose, facts = proven.machine.compose, proven.machine.facts
    assert compose is not None and facts is not None
    assert (compose.value, facts.app_id) == (MOCK["compose_hash"], MOCK["app_id"])
    assert compose.sources == (ComposeSource.CONFIG_ID, ComposeSource.RUNTIME_REGISTER)
    assert proven.run_signer_pubkey_b64 is None and proven.development
    assert {"os image", "build", "app id", "key provider"} < set(proven.not_checked)


def test_its_bundle_without_tls_of_its_own_proves_the_build_alone() -> None:
    assert WITHOUT_TLS["tdx_quote_is"] == "tdx_mock v1_ok"
    claims = {name: WITHOUT_TLS[name] for name in ("report_data_version", "tls")}
    wire = with_quote("v1_ok", **claims)
    proven = judged(wire, tls=NotGiven("no certificate"))
    assert proven.machine.compose.value == MOCK["compose_hash"]
    with pytest.raises(errors.ChannelNotBound):
        judged(wire)


def test_a_register_names_the_build_where_the_configuration_names_none() -> None:
    claims = {"measurements": READY["attestation"]["measurements"] | {"mr_config_id": ""}}
    proven = judged(with_quote("zero_mr_config_id", **claims))
    assert proven.machine.compose.sources == (ComposeSource.RUNTIME_REGISTER,)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mr_config_id_type2", errors.ComposeHashConflict),
        ("debug_td", errors.DebugMachine),
        ("v2_report_data_bit_flipped", errors.QuoteForged),
    ],
)
def test_its_other_quotes_are_refused_as_a_whole(name: str, reason: type[Exception]) -> None:
    with pytest.raises(reason) as refused:
        judged(with_quote(name))
    assert not isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize(
    ("statements", "reason"),
    [("out_of_date", TcbStatusRefused), ("sw_hardening", TcbStatusRefused), ("revoked", errors.MachineRevoked)],
)
def test_a_machine_that_is_not_up_to_date_is_refused_not_undecided(statements: str, reason: type[Exception]) -> None:
    with pytest.raises(reason) as refused:
        judged(READY, statements=statements)
    assert not isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize("name", sorted(MOCK["collateral"]))
def test_all_of_its_statements_are_read_and_written_without_loss(name: str) -> None:
    statements = invented.mock_collateral(name)
    assert json.loads(statements.to_json()) == MOCK["collateral"][name]


def test_every_quote_and_every_set_of_statements_is_judged_somewhere() -> None:
    judged_quotes, judged_statements = ({case[what] for case in MOCK["results"]} for what in ("quote", "collateral"))
    assert judged_quotes == set(MOCK["quotes_b64"]) and len(judged_quotes) == 6
    assert judged_statements == set(MOCK["collateral"]) and len(judged_statements) == 4


def test_a_quote_is_worth_nothing_under_the_root_of_another_machine() -> None:
    with pytest.raises(errors.ChainInvalid):
        verify_quote(
            quote("v2_ok"),
            collateral=invented.mock_collateral(),
            at=MOCK["now"],
            roots=invented.authority().trust_root,
            policy=invented.IN_ORDER,
        )
