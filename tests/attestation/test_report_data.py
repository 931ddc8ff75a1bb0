import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import CouldNotCheck, KernelError
from attestation.evidence import report_data
from attestation.evidence.errors import ChannelNotBound, ExpectationMissing, ReportDataDiffers, ReportDataUnknown

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "evidence.json").read_text())["report_data"]
CERT, OTHER_CERT = b"c" * 32, b"o" * 32


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["app_version"])
def test_both_versions_have_the_exact_bytes(case: dict[str, Any]) -> None:
    version, cert = case["app_version"], bytes.fromhex(case["fingerprint_hex"])
    v1, v2 = report_data.build_v1(version), report_data.build_v2(version, cert_sha256=cert)
    assert (v1.hex(), v2.hex()) == (case["v1_hex"], case["v2_hex"])
    report_data.check_build(v1, app_version=version)
    report_data.check_channel(v2, app_version=version, cert_sha256=cert)


def test_the_certificate_of_another_connection_is_refused() -> None:
    quoted = report_data.build_v2("1", cert_sha256=CERT)
    for version, cert in (("1", OTHER_CERT), ("2", CERT)):
        with pytest.raises(ReportDataDiffers):
            report_data.check_channel(quoted, app_version=version, cert_sha256=cert)


def test_a_quote_that_names_no_certificate_binds_no_connection() -> None:
    with pytest.raises(ChannelNotBound) as refused:
        report_data.check_channel(report_data.build_v1("1"), app_version="1", cert_sha256=CERT)
    assert isinstance(refused.value, CouldNotCheck)


def test_a_service_cannot_talk_its_quote_down_to_the_version_without_a_channel() -> None:
    quoted = report_data.build_v2("1", cert_sha256=CERT)
    assert report_data.read(quoted).version == report_data.BUILD_AND_CHANNEL
    with pytest.raises(ReportDataDiffers):
        report_data.check_build(quoted, app_version="1")


def test_another_build_is_refused() -> None:
    with pytest.raises(ReportDataDiffers):
        report_data.check_build(report_data.build_v1("1"), app_version="2")


@given(st.integers(0, 511))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    changed = bytearray(report_data.build_v2("1", cert_sha256=CERT))
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ReportDataDiffers, ReportDataUnknown, ExpectationMissing)):
        report_data.check_channel(bytes(changed), app_version="1", cert_sha256=CERT)


@pytest.mark.parametrize(
    "data", [b"", bytes(64), b"x" * 64, report_data.build_v1("1")[:-1], bytes(32) + b"\x04" + bytes(31)]
)
def test_report_data_of_an_unknown_form_is_refused(data: bytes) -> None:
    with pytest.raises(ReportDataUnknown):
        report_data.read(data)


def test_a_fingerprint_of_another_length_is_refused() -> None:
    with pytest.raises(KernelError):
        report_data.build_v2("1", cert_sha256=b"short")
