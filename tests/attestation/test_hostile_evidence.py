"""Whatever is offered as evidence, the kernel answers with a value or with an error of its own."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attestation.errors import KernelError, VerificationError
from attestation.evidence.bundle import parse_bundle
from attestation.evidence.collateral import Collateral, parse_collateral
from attestation.evidence.development.authority import sign_raw
from attestation.evidence.development.quotes import _counted, _signature_part
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, verify_evidence
from attestation.policy.base import NotGiven, UnsafeNoPolicy
from tests.attestation import invented

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
QUOTE = invented.quote()
SIGNED = QUOTE[:632]
WIRE = invented.bundle().to_wire()
OPEN = EvidencePolicy(
    platform=UnsafeNoPolicy(),
    os_image=NotGiven("-"),
    build=NotGiven("-"),
    app=NotGiven("-"),
    key_provider=NotGiven("-"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MANY = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def refused_or_fine(quote: bytes, collateral: Collateral | None = None) -> None:
    try:
        invented.verified(quote, collateral=collateral or invented.collateral(), policy=UnsafeNoPolicy())
    except VerificationError as error:
        assert error.code


@MANY
@given(st.binary(max_size=2000))
def test_any_bytes_as_a_quote(data: bytes) -> None:
    for quote in (data, QUOTE[:8] + data, QUOTE[:632] + data, QUOTE[:770] + data):
        refused_or_fine(quote)


@MANY
@given(st.integers(0, len(QUOTE)), st.binary(max_size=12), st.integers(0, 12))
def test_any_splice_into_a_quote(at: int, spliced: bytes, removed: int) -> None:
    refused_or_fine(QUOTE[:at] + spliced + QUOTE[at + removed :])


@MANY
@given(st.integers(0, 631), st.binary(min_size=1, max_size=60))
def test_any_report_under_a_right_signature(at: int, changed: bytes) -> None:
    signed = (SIGNED[:at] + changed + SIGNED[at + len(changed) :])[:632]
    refused_or_fine(signed + _counted(_signature_part(invented.authority(), signed)))


@MANY
@given(st.sampled_from(["tcb_info", "qe_identity"]), st.data())
def test_any_statement_under_a_right_signature(name: str, data: st.DataObject) -> None:
    members: dict[str, Any] = json.loads(getattr(invented.collateral(), name))
    holder: Any = members
    key = data.draw(st.sampled_from(sorted(members)))
    if key == "tcbLevels" and data.draw(st.booleans()):
        holder = members["tcbLevels"][0]
        key = data.draw(st.sampled_from(sorted(holder)))
    holder[key] = data.draw(JSON)
    text = json.dumps(members)
    signature = sign_raw(invented.authority().statements.key, text.encode())
    changed = {name: text, f"{name}_signature": signature}
    refused_or_fine(QUOTE, dataclasses.replace(invented.collateral(), **changed))


@MANY
@given(st.sampled_from(["root_ca_crl", "pck_crl"]), st.integers(0, 300), st.binary(max_size=6), st.integers(0, 6))
def test_any_splice_into_a_revocation_list(name: str, at: int, spliced: bytes, removed: int) -> None:
    der: bytes = getattr(invented.collateral(), name)
    changed = der[:at] + spliced + der[at + removed :]
    refused_or_fine(QUOTE, dataclasses.replace(invented.collateral(), **{name: changed}))


@MANY
@given(st.binary(max_size=500) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_collateral(data: bytes) -> None:
    try:
        parse_collateral(data).validity()
    except KernelError as error:
        assert error.code


@MANY
@given(st.data())
def test_any_claims_around_a_genuine_quote(data: st.DataObject) -> None:
    claims: dict[str, Any] = json.loads(json.dumps(WIRE["attestation"]))
    name = data.draw(st.sampled_from([*sorted(claims), "mr_config"]))
    claims[name] = data.draw(JSON | st.text(alphabet='0123456789abcdef"[]{}:,\ud800', max_size=200))
    try:
        bundle = parse_bundle(WIRE | {"attestation": claims})
        proven = verify_evidence(
            bundle,
            expect=EvidenceExpectation(nonce=invented.NONCE, tls_cert_sha256=invented.CERT),
            collateral=invented.collateral(),
            at=invented.AT,
            roots=invented.authority().trust_root,
            policy=OPEN,
        )
    except VerificationError as error:
        assert error.code
        return
    assert proven.run_signer_pubkey_b64 == invented.SIGNER.b64
    assert proven.keyset == invented.KEYSET
