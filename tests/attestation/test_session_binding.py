"""Report data of version 3: one answer to one request."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import CouldNotCheck, KernelError
from attestation.evidence import report_data
from attestation.evidence.errors import (
    ChannelNotBound,
    ExpectationMissing,
    NonceNotBound,
    ReportDataDiffers,
    ReportDataUnknown,
)
from attestation.evidence.report_data import SessionBinding, build_v3, check_session, keyset_digest
from tests.attestation import invented

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "report_data_v3.json").read_text())["cases"]
BINDING = invented.binding()
KEYSETS = st.dictionaries(st.text(max_size=8), st.binary(max_size=8), max_size=4)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["app_version"])
def test_the_bytes_are_exactly_those_written_down(case: dict[str, Any]) -> None:
    keyset = keyset_digest({name: bytes.fromhex(key) for name, key in case["keyset"].items()})
    assert keyset.hex() == case["keyset_sha256"]
    certificate = case["tls_cert_sha256_hex"]
    bound = SessionBinding(
        app_version=case["app_version"],
        nonce=bytes.fromhex(case["nonce_hex"]),
        tls_cert_sha256=bytes.fromhex(certificate) if certificate else None,
        run_signer=bytes.fromhex(case["run_signer_hex"]),
        keyset_sha256=keyset,
    )
    assert build_v3(bound).hex() == case["report_data_hex"]
    check_session(build_v3(bound), binding=bound)


@pytest.mark.parametrize(
    "changes",
    [
        {"app_version": "1.2.4"},
        {"nonce": bytes(32)},
        {"tls_cert_sha256": bytes(32)},
        {"tls_cert_sha256": None},
        {"run_signer": bytes(32)},
        {"keyset_sha256": keyset_digest({})},
        {"nonce": BINDING.run_signer, "run_signer": BINDING.nonce},
    ],
    ids=lambda changes: "+".join(changes),
)
def test_a_session_that_differs_in_one_part_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ReportDataDiffers):
        check_session(build_v3(BINDING), binding=dataclasses.replace(BINDING, **changes))


@given(st.integers(0, 511))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    changed = bytearray(build_v3(BINDING))
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ReportDataDiffers, ReportDataUnknown, NonceNotBound)):
        check_session(bytes(changed), binding=BINDING)


def test_earlier_versions_answer_no_request() -> None:
    for quoted in (report_data.build_v1("1.2.3"), report_data.build_v2("1.2.3", cert_sha256=invented.CERT)):
        with pytest.raises(NonceNotBound) as refused:
            check_session(quoted, binding=BINDING)
        assert isinstance(refused.value, CouldNotCheck)


def test_the_checks_of_earlier_versions_do_not_accept_a_session() -> None:
    with pytest.raises(ExpectationMissing):
        report_data.check_channel(build_v3(BINDING), app_version="1.2.3", cert_sha256=invented.CERT)
    with pytest.raises(ReportDataDiffers):
        report_data.check_build(build_v3(BINDING), app_version="1.2.3")
    with pytest.raises(ChannelNotBound):
        report_data.check_channel(report_data.build_v1("1"), app_version="1", cert_sha256=invented.CERT)


@pytest.mark.parametrize("name", ["nonce", "tls_cert_sha256", "run_signer", "keyset_sha256"])
def test_every_part_has_32_bytes(name: str) -> None:
    for value in (b"", bytes(31), bytes(33)):
        with pytest.raises(KernelError):
            dataclasses.replace(BINDING, **{name: value})


@given(KEYSETS, KEYSETS)
def test_different_sets_of_keys_have_different_digests(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (keyset_digest(one) == keyset_digest(other)) == (one == other)
