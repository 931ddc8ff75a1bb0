"""Bob asks a service that Olga operates what it is. Carol sits in between."""

import dataclasses
import json
from typing import Any

import pytest

from attestation.encoding import b64
from attestation.errors import CouldNotCheck, VerificationError
from attestation.evidence import errors, report_data
from attestation.evidence.bundle import NotReady, Ready, TlsClaim, parse_bundle
from attestation.evidence.checks import Outcome
from attestation.evidence.development.boot import mint_event_log
from attestation.evidence.development.statements import MachineState
from attestation.evidence.identity import BootFacts
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven, UnsafeNoPolicy
from attestation.policy.errors import BuildRefused, OsImageRefused, SubjectUnknown, TcbStatusRefused
from attestation.policy.os_image import OsImage, OsImagePolicy
from attestation.policy.software import AppPolicy, ComposePolicy, KeyProviderPolicy
from tests.attestation import invented

EXPECT = EvidenceExpectation(nonce=invented.NONCE, tls_cert_sha256=invented.CERT)
NOTHING = EvidenceExpectation(nonce=NotGiven("stored evidence"), tls_cert_sha256=NotGiven("no connection"))
REGISTERS = (invented.MEASUREMENTS.mr_td, *invented.MEASUREMENTS.rtmrs[:3])
IMAGE = OsImage(**dict(zip(("mr_td", "rtmr0", "rtmr1", "rtmr2"), (r.hex() for r in REGISTERS), strict=True)))
POLICY = EvidencePolicy(
    platform=invented.IN_ORDER,
    os_image=OsImagePolicy(frozenset({IMAGE})),
    build=ComposePolicy(frozenset({invented.COMPOSE})),
    app=AppPolicy(invented.FACTS.app_id),
    key_provider=KeyProviderPolicy(frozenset({invented.FACTS.key_provider})),  # type: ignore[arg-type]
)
OPEN = EvidencePolicy(
    platform=invented.IN_ORDER,
    os_image=NotGiven("no list of images"),
    build=NotGiven("first contact"),
    app=NotGiven("first contact"),
    key_provider=NotGiven("first contact"),
)
V1 = report_data.build_v1(invented.VERSION)
V2 = report_data.build_v2(invented.VERSION, cert_sha256=invented.CERT)


def verify(bundle: Ready | NotReady | None = None, **changes: Any) -> VerifiedEvidence:
    terms: dict[str, Any] = {
        "expect": EXPECT,
        "collateral": invented.collateral(),
        "at": invented.AT,
        "roots": invented.authority().trust_root,
        "policy": POLICY,
    }
    return verify_evidence(invented.bundle() if bundle is None else bundle, **(terms | changes))


def started(version: int) -> Ready:
    """A service whose quote was made at its start."""
    return invented.bundle(invented.quote(V1 if version == 1 else V2), report_data_version=version)


def outcomes(evidence: VerifiedEvidence) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in evidence.checks}


def test_complete_evidence_proves_everything_by_name() -> None:
    proven = verify()
    assert proven.not_checked == ("run signer chain",)
    assert len(outcomes(proven)) == len(proven.checks)
    assert proven.machine.facts == invented.FACTS
    assert proven.machine.compose is not None
    assert proven.machine.compose.value == invented.COMPOSE
    assert proven.run_signer_pubkey_b64 == invented.SIGNER.b64
    assert proven.keyset == invented.KEYSET
    assert proven.development
    assert "proves nothing" in next(check for check in proven.checks if check.name == "certificate chains").detail


def test_evidence_survives_the_wire() -> None:
    assert verify(parse_bundle(json.loads(json.dumps(invented.bundle().to_wire())))) == verify()


def test_a_service_without_evidence_is_no_verdict() -> None:
    with pytest.raises(errors.EvidenceMissing) as refused:
        verify(NotReady("no hardware", "1"))
    assert isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ({"nonce": b"o" * 32}, errors.ReportDataDiffers),
        ({"tls_cert_sha256": b"o" * 32}, errors.ReportDataDiffers),
        ({"nonce": NotGiven("forgotten")}, errors.ExpectationMissing),
    ],
    ids=["old quote", "relayed quote", "nonce forgotten"],
)
def test_a_quote_for_another_request_or_connection_is_refused(
    expect: dict[str, Any], reason: type[VerificationError]
) -> None:
    with pytest.raises(reason):
        verify(expect=dataclasses.replace(EXPECT, **expect))


@pytest.mark.parametrize(
    "changes",
    [
        {"run_signer_pubkey_b64": b64(b"c" * 32)},
        {"keyset": {"handoff": b"c" * 32}},
        {"keyset": {}},
        {"hivemind_version": "1.2.4"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_keys_that_the_quote_does_not_name_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(errors.ReportDataDiffers):
        verify(invented.bundle(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"compose_hash": "c1" * 32},
        {"app_id": "a1" * 20},
        {"instance_id": "11" * 20},
        {"report_data_version": 1},
        {"measurements": {"mrtd": "00" * 48}},
        {"measurements": {"rtmr0": "00" * 48}},
        {"measurements": {"rtmr3": "00" * 48}},
    ],
    ids=str,
)
def test_a_service_that_describes_itself_otherwise_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(errors.ClaimDiffers):
        verify(invented.bundle(**changes))


@pytest.mark.parametrize("version", [1, 2])
def test_a_quote_from_the_start_answers_no_nonce(version: int) -> None:
    with pytest.raises(errors.NonceNotBound) as refused:
        verify(started(version))
    assert isinstance(refused.value, CouldNotCheck)


def test_a_quote_from_the_start_binds_the_connection_in_version_2_only() -> None:
    seen = dataclasses.replace(NOTHING, tls_cert_sha256=invented.CERT)
    bound = verify(started(2), expect=seen)
    assert set(bound.not_checked) == {"nonce", "run signer and keys", "run signer chain"}
    assert bound.run_signer_pubkey_b64 is None
    assert bound.keyset == {}
    with pytest.raises(errors.ChannelNotBound):
        verify(started(1), expect=seen)
    with pytest.raises(errors.ReportDataDiffers):
        verify(started(2), expect=dataclasses.replace(seen, tls_cert_sha256=b"o" * 32))


@pytest.mark.parametrize("version", [1, 2])
def test_stored_evidence_says_what_was_left_out(version: int) -> None:
    proven = verify(started(version), expect=NOTHING)
    assert set(proven.not_checked) == {"nonce", "tls channel", "run signer and keys", "run signer chain"}
    assert {check.detail for check in proven.checks if check.name == "nonce"} == {"stored evidence"}


def test_an_answer_over_a_connection_that_ends_elsewhere_binds_no_channel() -> None:
    minted = invented.quote(report_data.build_v3(invented.binding(tls_cert_sha256=None)))
    outside = invented.bundle(minted, tls=TlsClaim())
    with pytest.raises(errors.ChannelNotBound):
        verify(outside)
    proven = verify(outside, expect=dataclasses.replace(EXPECT, tls_cert_sha256=NotGiven("ends at the gateway")))
    assert proven.not_checked == ("tls channel", "run signer chain")
    assert proven.run_signer_pubkey_b64 == invented.SIGNER.b64


def test_an_answer_must_name_a_run_signer_and_a_readable_certificate() -> None:
    with pytest.raises(errors.BundleMalformed):
        verify(invented.bundle(run_signer_pubkey_b64=""))
    unseen = dataclasses.replace(EXPECT, tls_cert_sha256=NotGiven("unseen"))
    with pytest.raises(errors.BundleMalformed):
        verify(invented.bundle(tls=TlsClaim(enabled=True)), expect=unseen)


def test_without_a_log_the_configuration_id_still_names_the_build() -> None:
    proven = verify(invented.bundle(event_log_json="", app_id="ff" * 20), policy=OPEN)
    assert "event log" in proven.not_checked
    assert proven.machine.compose is not None
    assert proven.machine.facts is None


def test_demands_about_what_the_evidence_leaves_open_are_no_verdict() -> None:
    with pytest.raises(SubjectUnknown) as refused:
        verify(invented.bundle(event_log_json=""))
    assert isinstance(refused.value, CouldNotCheck)


def test_without_any_source_the_build_is_named_as_not_checked() -> None:
    bare = dataclasses.replace(invented.MEASUREMENTS, mr_config_id=bytes(48))
    told = invented.bundle(invented.quote(measurements=bare), event_log_json="", measurements={})
    assert "compose hash" in verify(told, policy=OPEN).not_checked
    with pytest.raises(SubjectUnknown):
        verify(told, policy=dataclasses.replace(OPEN, build=POLICY.build))


def test_a_log_of_another_machine_is_refused() -> None:
    other, _ = mint_event_log(BootFacts(**(vars(invented.FACTS) | {"app_id": "a1" * 20})))
    with pytest.raises(errors.EventLogDiffers):
        verify(invented.bundle(event_log_json=other))


def test_demands_that_were_not_made_are_named_with_their_reason() -> None:
    proven = verify(policy=OPEN)
    assert set(proven.not_checked) == {"os image", "build", "app id", "key provider", "run signer chain"}
    assert {check.detail for check in proven.checks if check.name == "os image"} == {"no list of images"}


def test_a_policy_that_accepts_everything_counts_as_none() -> None:
    unsafe = EvidencePolicy(
        platform=UnsafeNoPolicy(),
        os_image=UnsafeNoPolicy(),
        build=UnsafeNoPolicy(),
        app=UnsafeNoPolicy(),
        key_provider=UnsafeNoPolicy(),
        run_signer_chain=UnsafeNoPolicy(),
    )
    demands = {"platform policy", "os image", "build", "app id", "key provider", "run signer chain"}
    assert set(verify(policy=unsafe).not_checked) == demands


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"os_image": OsImagePolicy(frozenset({dataclasses.replace(IMAGE, rtmr2="00" * 48)}))}, OsImageRefused),
        ({"build": ComposePolicy(frozenset({"00" * 32}))}, BuildRefused),
    ],
    ids=["os image", "build"],
)
def test_demands_that_are_not_met_are_refused(policy: dict[str, Any], reason: type[VerificationError]) -> None:
    with pytest.raises(reason):
        verify(policy=dataclasses.replace(POLICY, **policy))


def test_the_platform_is_judged_before_anything_is_read_from_it() -> None:
    with pytest.raises(TcbStatusRefused):
        verify(
            invented.bundle(event_log_json="junk"),
            collateral=invented.collateral(MachineState(tcb_status="OutOfDate")),
        )
