import base64
import dataclasses
import sys
from typing import Any

import pytest

from attestation.errors import CouldNotCheck, KernelError, VerificationError
from attestation.evidence import errors
from attestation.evidence.collateral import Collateral
from attestation.evidence.dcap import verify_quote
from attestation.evidence.development.authority import sign_raw
from attestation.evidence.development.machine_extension import FMSPC
from attestation.evidence.development.quotes import ENCLAVE_SIGNER
from attestation.evidence.development.statements import MachineState, mint_collateral
from attestation.evidence.platform import TcbStatus
from attestation.evidence.roots import DevelopmentRoot, IntelRoot
from attestation.policy.base import UnsafeNoPolicy
from attestation.policy.errors import DevelopmentRefused, TcbStatusRefused
from tests.attestation import invented

MOCK_ROOT = DevelopmentRoot(base64.b64decode(invented.MOCK["root_ca_der_b64"]))
REFUSALS = {
    "revoked": errors.MachineRevoked,
    "debug_td": errors.DebugMachine,
    "v2_report_data_bit_flipped": errors.QuoteForged,
}


@pytest.mark.parametrize("case", invented.MOCK["results"], ids=lambda case: f"{case['quote']}-{case['collateral']}")
def test_golden_quotes_are_judged_as_written_down(case: dict[str, Any]) -> None:
    quote = base64.b64decode(invented.MOCK["quotes_b64"][case["quote"]])
    terms: dict[str, Any] = {
        "collateral": invented.mock_collateral(case["collateral"]),
        "at": invented.MOCK["now"],
        "roots": MOCK_ROOT,
        "policy": UnsafeNoPolicy(),
    }
    if not case["library"]["ok"]:
        with pytest.raises((REFUSALS.get(case["collateral"]) or REFUSALS[case["quote"]],)) as refused:
            verify_quote(quote, **terms)
        assert not isinstance(refused.value, CouldNotCheck)
        return
    verified = verify_quote(quote, **terms)
    assert verified.tcb_status.value == case["library"]["status"]
    assert list(verified.advisory_ids) == case["library"]["advisory_ids"]
    assert verified.development


def test_evidence_under_a_development_root_is_marked_and_refused_unless_asked_for() -> None:
    assert invented.verified().development
    strict = dataclasses.replace(invented.IN_ORDER, allow_development=False)
    with pytest.raises(DevelopmentRefused):
        invented.verified(policy=strict)


def test_evidence_under_a_development_root_is_nothing_under_intels() -> None:
    with pytest.raises(errors.ChainInvalid):
        invented.verified(roots=IntelRoot())


def test_another_root_with_the_same_names_is_refused() -> None:
    carols = invented.authority(b"c" * 32).trust_root
    assert carols != invented.authority().trust_root
    with pytest.raises(errors.ChainInvalid):
        invented.verified(roots=carols)


def test_collateral_of_another_authority_is_refused() -> None:
    foreign = mint_collateral(invented.authority(b"c" * 32), issued_at=invented.AT, valid_seconds=60)
    with pytest.raises(errors.ChainInvalid):
        invented.verified(collateral=foreign)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (MachineState(tcb_status="Revoked"), errors.MachineRevoked),
        (MachineState(certificate_revoked=True), errors.MachineRevoked),
        (MachineState(tcb_status="OutOfDate", advisory_ids=("INTEL-SA-1",)), TcbStatusRefused),
    ],
    ids=["revoked level", "revoked certificate", "out of date"],
)
def test_a_machine_out_of_order_is_refused(state: MachineState, reason: type[VerificationError]) -> None:
    with pytest.raises(reason) as refused:
        invented.verified(state=state)
    assert not isinstance(refused.value, CouldNotCheck)
    if isinstance(refused.value, TcbStatusRefused):
        assert (refused.value.status, refused.value.advisory_ids) == ("OutOfDate", ("INTEL-SA-1",))


def test_the_makers_verdict_reaches_the_policy() -> None:
    state = MachineState(tcb_status="SWHardeningNeeded", advisory_ids=("INTEL-SA-2",), evaluation_number=7)
    verified = invented.verified(state=state, policy=UnsafeNoPolicy())
    assert verified.tcb_status is TcbStatus.SW_HARDENING_NEEDED
    assert (verified.advisory_ids, verified.evaluation_number) == (("INTEL-SA-2",), 7)


def test_a_debugged_machine_is_refused_even_without_policy() -> None:
    with pytest.raises(errors.DebugMachine):
        invented.verified(invented.quote(debug=True), policy=UnsafeNoPolicy())


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (0, errors.CollateralNotYetValid),
        (-1, errors.CollateralNotYetValid),
        (invented.AT - 1, errors.CollateralNotYetValid),
        (invented.AT + invented.VALID_SECONDS, errors.CollateralExpired),
        (2**70, errors.CollateralExpired),
    ],
)
def test_collateral_of_another_time_is_no_verdict(at: int, reason: type[CouldNotCheck]) -> None:
    with pytest.raises(reason) as refused:
        invented.verified(at=at)
    assert isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize("at", [invented.AT, invented.AT + invented.VALID_SECONDS - 1])
def test_collateral_counts_from_its_first_to_its_last_second(at: int) -> None:
    verified = invented.verified(at=at)
    assert (verified.at, verified.valid_until) == (at, invented.AT + invented.VALID_SECONDS)


def signed_anew(**texts: str) -> Collateral:
    """The collateral with statements of other content, under the right signature."""
    key = invented.authority().statements.key
    signatures = {f"{name}_signature": sign_raw(key, text.encode()) for name, text in texts.items()}
    return dataclasses.replace(invented.collateral(), **texts, **signatures)


def test_collateral_about_another_machine_is_no_verdict() -> None:
    told = invented.collateral().tcb_info.replace(FMSPC.hex().upper(), "00" * 6)
    with pytest.raises(errors.CollateralForOtherMachine) as refused:
        invented.verified(collateral=signed_anew(tcb_info=told))
    assert isinstance(refused.value, CouldNotCheck)


def test_firmware_below_every_listed_level_is_refused() -> None:
    told = invented.collateral().tcb_info.replace('"pcesvn":0', '"pcesvn":9')
    with pytest.raises(errors.TcbLevelUnknown):
        invented.verified(collateral=signed_anew(tcb_info=told))


def test_another_quoting_enclave_is_refused() -> None:
    told = invented.collateral().qe_identity.replace(ENCLAVE_SIGNER.hex().upper(), "00" * 32)
    with pytest.raises(errors.QuoteRefused):
        invented.verified(collateral=signed_anew(qe_identity=told))


@pytest.mark.parametrize("name", ["tcb_info", "qe_identity"])
def test_statements_the_maker_did_not_sign_are_refused(name: str) -> None:
    told = getattr(invented.collateral(), name).replace('"tcbEvaluationDataNumber":1', '"tcbEvaluationDataNumber":9')
    with pytest.raises(errors.CollateralForged) as refused:
        invented.verified(collateral=dataclasses.replace(invented.collateral(), **{name: told}))
    assert not isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize(
    "swapped",
    [{"pck_crl": "root_ca_crl"}, {"root_ca_crl": "pck_crl"}, {"pck_crl": "root_ca_crl", "root_ca_crl": "pck_crl"}],
    ids=str,
)
def test_a_revocation_list_of_another_issuer_does_not_count(swapped: dict[str, str]) -> None:
    ours = invented.collateral()
    lists = {name: getattr(ours, other) for name, other in swapped.items()}
    with pytest.raises(VerificationError):
        invented.verified(collateral=dataclasses.replace(ours, **lists))


@pytest.mark.parametrize("kind", [2, 3])
def test_quotes_of_version_5_are_read_like_those_of_version_4(kind: int) -> None:
    extra = bytes(64) if kind == 3 else b""
    later = invented.verified(invented.as_version_5(invented.quote(), extra=extra, kind=kind))
    assert later.body.version == 5
    assert dataclasses.replace(later.body, version=4) == invented.verified().body


def test_a_migrated_machine_is_refused() -> None:
    with pytest.raises(errors.QuoteRefused):
        invented.verified(invented.as_version_5(invented.quote(), extra=bytes(63) + b"\x01"))


def test_without_the_library_nothing_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dcap_qvl", None)
    with pytest.raises(errors.QuoteLibraryMissing) as refused:
        invented.verified()
    assert isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", invented.quote()])
def test_a_root_that_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(KernelError):
        DevelopmentRoot(der)
