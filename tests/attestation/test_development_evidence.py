import dataclasses
import json

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import KernelError
from attestation.evidence.development import der
from attestation.evidence.development.authority import NOT_AFTER, development_authority
from attestation.evidence.development.boot import mint_event_log
from attestation.evidence.development.machine_extension import FMSPC, MACHINE_EXTENSION_OID
from attestation.evidence.development.quotes import Measurements, mint_quote
from attestation.evidence.development.statements import MachineState, mint_collateral
from attestation.evidence.event_log import check_event_log, parse_event_log
from attestation.evidence.identity import BootFacts, read_boot_facts
from attestation.evidence.platform import TcbStatus
from attestation.policy.base import UnsafeNoPolicy
from tests.attestation import invented


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = development_authority(b"o" * 32)
    assert again.trust_root == invented.authority().trust_root
    assert mint_quote(again, report_data=bytes(64), measurements=invented.MEASUREMENTS) == invented.quote(bytes(64))
    assert mint_collateral(again, issued_at=invented.AT, valid_seconds=3600) == invented.collateral()


def test_another_seed_gives_another_root() -> None:
    assert development_authority(b"x" * 32).trust_root != invented.authority().trust_root


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_a_seed_has_32_bytes(seed: bytes) -> None:
    with pytest.raises(KernelError):
        development_authority(seed)


def test_registers_and_report_data_have_their_sizes() -> None:
    with pytest.raises(KernelError):
        Measurements(mr_td=bytes(47), rtmrs=invented.MEASUREMENTS.rtmrs)
    with pytest.raises(KernelError):
        dataclasses.replace(invented.MEASUREMENTS, mr_config_id=bytes(49))
    for size in (0, 63, 65):
        with pytest.raises(KernelError):
            mint_quote(invented.authority(), report_data=bytes(size), measurements=invented.MEASUREMENTS)


@given(st.binary(min_size=64, max_size=64), st.lists(st.binary(min_size=48, max_size=48), min_size=5, max_size=5))
def test_what_was_minted_is_what_is_verified(data: bytes, registers: list[bytes]) -> None:
    mr_td, *rtmrs = registers
    measured = Measurements(mr_td=mr_td, rtmrs=tuple(rtmrs))  # type: ignore[arg-type]
    proven = invented.verified(invented.quote(data, measurements=measured))
    assert (proven.body.report_data, proven.body.mr_td, list(proven.body.rtmrs)) == (data, mr_td, rtmrs)
    assert proven.fmspc == FMSPC.hex()
    assert proven.development


# The maker never states these: they follow from a report that shows an update below the running machine.
RELAUNCH = {TcbStatus.TD_RELAUNCH_ADVISED, TcbStatus.TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED}


@pytest.mark.parametrize("status", [status for status in TcbStatus if status not in RELAUNCH])
def test_every_state_of_the_firmware_can_be_played(status: TcbStatus) -> None:
    state = MachineState(tcb_status=status.value, advisory_ids=("INTEL-SA-1",), evaluation_number=3)
    proven = invented.verified(state=state, policy=UnsafeNoPolicy())
    assert (proven.tcb_status, proven.advisory_ids, proven.evaluation_number) == (status, ("INTEL-SA-1",), 3)


def test_collateral_never_outlives_the_certificates() -> None:
    end = int(NOT_AFTER.timestamp())
    late = mint_collateral(invented.authority(), issued_at=end - 60, valid_seconds=3600)
    assert late.validity().end == end


def test_the_certificates_say_what_they_are() -> None:
    for signer in (invented.authority().root, invented.authority().machine):
        assert "proves nothing" in signer.certificate.subject.rfc4514_string()
        assert signer.pem not in repr(signer)


def test_the_machine_extension_is_wellformed() -> None:
    certificate = invented.authority().machine.certificate
    extension = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(MACHINE_EXTENSION_OID))
    assert der.octets(FMSPC) in extension.value.public_bytes()


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        (der.object_id("1.2.840.113741.1.13.1"), "060a2a864886f84d010d0101"[:2] + "092a864886f84d010d01"),
        (der.integer(0), "020100"),
        (der.integer(128), "02020080"),
        (der.integer(255), "020200ff"),
        (der.enumerated(1), "0a0101"),
        (der.octets(b""), "0400"),
        (der.octets(bytes(128))[:3], "048180"),
        (der.octets(bytes(300))[:4], "0482012c"),
        (der.sequence(der.integer(1), der.integer(2)), "3006020101020102"),
    ],
)
def test_der_is_encoded_as_the_standard_says(encoded: bytes, expected: str) -> None:
    assert encoded.hex() == expected


def test_a_minted_log_leads_to_its_register() -> None:
    quiet = BootFacts(app_id="00" * 20, compose_hash="11" * 32, instance_id=None, os_image_hash=None, key_provider=None)
    for facts in (quiet, invented.FACTS):
        text, register = mint_event_log(facts)
        rtmrs = (*invented.MEASUREMENTS.rtmrs[:3], register)
        body = invented.verified(
            invented.quote(measurements=dataclasses.replace(invented.MEASUREMENTS, rtmrs=rtmrs))
        ).body
        assert read_boot_facts(check_event_log(parse_event_log(text), body=body)) == facts
        assert isinstance(json.loads(text), list)
