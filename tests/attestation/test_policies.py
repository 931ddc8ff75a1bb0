import dataclasses
from typing import Any

import pytest

from attestation.errors import CouldNotCheck, VerificationError
from attestation.evidence.compose_hash import ComposeHash, ComposeSource
from attestation.evidence.errors import DebugMachine
from attestation.evidence.identity import KeyProvider, KeyProviderKind
from attestation.evidence.machine import AttestedMachine
from attestation.evidence.platform import TcbStatus, VerifiedQuote
from attestation.policy import errors
from attestation.policy.base import AllOf, AnyOf, NotGiven, Policy, UnsafeNoPolicy, is_unchecked
from attestation.policy.os_image import OsImage, OsImagePolicy
from attestation.policy.software import AppPolicy, ComposePolicy, KeyProviderPolicy
from attestation.policy.tcb import TcbPolicy
from tests.attestation import invented

QUOTE = invented.verified()
MACHINE = AttestedMachine(QUOTE, invented.FACTS, ComposeHash(invented.COMPOSE, (ComposeSource.CONFIG_ID,)))
SILENT = AttestedMachine(QUOTE, None, None)
IMAGE = OsImage(
    mr_td=invented.MEASUREMENTS.mr_td.hex(),
    rtmr0=invented.MEASUREMENTS.rtmrs[0].hex(),
    rtmr1=invented.MEASUREMENTS.rtmrs[1].hex(),
    rtmr2=invented.MEASUREMENTS.rtmrs[2].hex(),
)
OTHER_IMAGE = dataclasses.replace(IMAGE, rtmr1="00" * 48)
KMS = KeyProvider(KeyProviderKind.KMS, b"key of the key service")


class Yes:
    def verify(self, value: object) -> None:
        """Accepts."""


class No:
    def verify(self, value: object) -> None:
        raise errors.AppRefused


class Unknown:
    def verify(self, value: object) -> None:
        raise errors.SubjectUnknown("app")


def machine(**facts: Any) -> AttestedMachine:
    return AttestedMachine(QUOTE, dataclasses.replace(invented.FACTS, **facts), MACHINE.compose)


def image(**changes: Any) -> OsImagePolicy:
    return OsImagePolicy(frozenset({OTHER_IMAGE, dataclasses.replace(IMAGE, **changes)}))


def tcb(**changes: Any) -> TcbPolicy:
    return dataclasses.replace(invented.IN_ORDER, **changes)


@pytest.mark.parametrize(
    ("policy", "value"),
    [
        (image(), MACHINE),
        (image(), SILENT),
        (image(os_image_hash="05" * 32), MACHINE),
        (ComposePolicy(frozenset({"00" * 32, invented.COMPOSE})), MACHINE),
        (AppPolicy(invented.FACTS.app_id), MACHINE),
        (KeyProviderPolicy(frozenset({KMS})), MACHINE),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_machine_on_the_list_is_accepted(policy: Policy[AttestedMachine], value: AttestedMachine) -> None:
    policy.verify(value)


@pytest.mark.parametrize(
    ("policy", "value", "reason"),
    [
        (OsImagePolicy(frozenset()), MACHINE, errors.PolicyEmpty),
        (ComposePolicy(frozenset()), MACHINE, errors.PolicyEmpty),
        (AppPolicy(""), MACHINE, errors.PolicyEmpty),
        (KeyProviderPolicy(frozenset()), MACHINE, errors.PolicyEmpty),
        *(
            (image(**{name: "00" * 48}), MACHINE, errors.OsImageRefused)
            for name in ("mr_td", "rtmr0", "rtmr1", "rtmr2")
        ),
        (image(os_image_hash="06" * 32), MACHINE, errors.OsImageRefused),
        (image(os_image_hash="05" * 32, rtmr2="00" * 48), MACHINE, errors.OsImageRefused),
        (image(os_image_hash="05" * 32), machine(os_image_hash=None), errors.SubjectUnknown),
        (image(os_image_hash="05" * 32), SILENT, errors.SubjectUnknown),
        (ComposePolicy(frozenset({"00" * 32})), MACHINE, errors.BuildRefused),
        (ComposePolicy(frozenset({invented.COMPOSE})), SILENT, errors.SubjectUnknown),
        (AppPolicy("00" * 20), MACHINE, errors.AppRefused),
        (AppPolicy(invented.FACTS.app_id), SILENT, errors.SubjectUnknown),
        (KeyProviderPolicy(frozenset({dataclasses.replace(KMS, id=b"other")})), MACHINE, errors.KeyProviderRefused),
        (
            KeyProviderPolicy(frozenset({dataclasses.replace(KMS, kind=KeyProviderKind.LOCAL)})),
            MACHINE,
            errors.KeyProviderRefused,
        ),
        (KeyProviderPolicy(frozenset({KMS})), machine(key_provider=None), errors.SubjectUnknown),
        (KeyProviderPolicy(frozenset({KMS})), SILENT, errors.SubjectUnknown),
    ],
)
def test_a_machine_off_the_list_is_refused(
    policy: Policy[AttestedMachine], value: AttestedMachine, reason: type[VerificationError]
) -> None:
    with pytest.raises(reason) as refused:
        policy.verify(value)
    assert isinstance(refused.value, CouldNotCheck) == (reason is errors.SubjectUnknown)


@pytest.mark.parametrize("status", TcbStatus)
def test_only_listed_states_of_the_firmware_are_accepted(status: TcbStatus) -> None:
    quote = dataclasses.replace(QUOTE, tcb_status=status, advisory_ids=("INTEL-SA-1",))
    tcb(allowed_statuses=frozenset({status})).verify(quote)
    with pytest.raises(errors.TcbStatusRefused) as refused:
        tcb(allowed_statuses=frozenset(TcbStatus) - {status}).verify(quote)
    assert status.value in str(refused.value)
    assert "INTEL-SA-1" in str(refused.value)


@pytest.mark.parametrize(
    ("policy", "changes", "reason"),
    [
        (tcb(allowed_statuses=frozenset()), {}, errors.PolicyEmpty),
        (tcb(minimum_evaluation_number=18), {"evaluation_number": 17}, errors.EvaluationNumberTooLow),
        (tcb(minimum_evaluation_number=17), {"evaluation_number": 17}, None),
        (tcb(refused_advisories=frozenset({"B"})), {"advisory_ids": ("A", "B")}, errors.AdvisoryRefused),
        (tcb(refused_advisories=frozenset({"B"})), {"advisory_ids": ("A",)}, None),
        (tcb(allow_development=False), {}, errors.DevelopmentRefused),
        (tcb(allow_development=False), {"development": False}, None),
        (tcb(), {"body": dataclasses.replace(QUOTE.body, td_attributes=b"\x01" + bytes(7))}, DebugMachine),
    ],
)
def test_demands_on_the_platform(
    policy: TcbPolicy, changes: dict[str, Any], reason: type[VerificationError] | None
) -> None:
    quote: VerifiedQuote = dataclasses.replace(QUOTE, **changes)
    if reason is None:
        policy.verify(quote)
        return
    with pytest.raises(reason):
        policy.verify(quote)


def test_all_of_needs_every_part() -> None:
    AllOf([Yes(), Yes()]).verify(MACHINE)
    with pytest.raises(errors.AppRefused):
        AllOf([Yes(), No(), Unknown()]).verify(MACHINE)


def test_any_of_needs_one_part() -> None:
    AnyOf([No(), Unknown(), Yes()]).verify(MACHINE)
    with pytest.raises(errors.NoAlternativeAccepts) as refused:
        AnyOf([No(), No()]).verify(MACHINE)
    assert [type(refusal) for refusal in refused.value.refusals] == [errors.AppRefused] * 2


def test_an_alternative_that_could_not_be_checked_leaves_no_verdict() -> None:
    with pytest.raises(errors.NoAlternativeChecked) as refused:
        AnyOf([No(), Unknown()]).verify(MACHINE)
    assert isinstance(refused.value, CouldNotCheck)
    assert "app" in str(refused.value)


@pytest.mark.parametrize("empty", [AllOf([]), AnyOf([]), AllOf([Yes(), AllOf([])]), AnyOf([No(), AnyOf([])])])
def test_a_combination_of_nothing_accepts_nothing(empty: Policy[object]) -> None:
    with pytest.raises(VerificationError):
        empty.verify(MACHINE)


def test_what_checks_nothing_is_known_as_such() -> None:
    unsafe = UnsafeNoPolicy()
    unsafe.verify(SILENT)
    for policy in (unsafe, NotGiven("why"), AllOf([unsafe, unsafe]), AnyOf([No(), unsafe]), AnyOf([AllOf([unsafe])])):
        assert is_unchecked(policy)
    for policy in (No(), AllOf([unsafe, No()]), AnyOf([No(), Yes()]), AllOf([]), AnyOf([])):
        assert not is_unchecked(policy)
