"""The certificate of the machine's TLS: the same bytes for everybody who has the guest agent's key."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509

from attestation.errors import KernelError
from attestation.evidence.enclave_tls import derive_tls_key, enclave_certificate

KEY = b"k" * 32


def names(der: bytes) -> x509.SubjectAlternativeName:
    return x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_the_bytes_are_those_of_the_protocol(vectors: Callable[[str], Any]) -> None:
    golden = vectors("enclave_tls")
    made = enclave_certificate(bytes.fromhex(golden["kms_key_hex"]))
    assert made.pem == golden["cert_pem"]
    assert made.sha256.hex() == golden["cert_der_sha256"]
    assert f"{made.key.private_numbers().private_value:064x}" == golden["scalar_hex"]


def test_only_the_first_32_bytes_of_the_guest_key_count() -> None:
    assert enclave_certificate(KEY).der == enclave_certificate(KEY + b"more").der != enclave_certificate(b"o" * 32).der


def test_a_short_guest_key_makes_no_certificate() -> None:
    with pytest.raises(KernelError):
        derive_tls_key(b"k" * 31)


def test_further_hosts_come_after_the_usual_ones_and_change_neither_key_nor_serial() -> None:
    usual = enclave_certificate(KEY)
    made = enclave_certificate(KEY, hosts=["hive.example", "192.0.2.7", "hivemind-enclave"])
    assert names(made.der).get_values_for_type(x509.DNSName) == [
        *names(usual.der).get_values_for_type(x509.DNSName),
        "hive.example",
    ]
    assert names(made.der).get_values_for_type(x509.IPAddress) == [ip_address("192.0.2.7")]
    ours, theirs = (x509.load_der_x509_certificate(certificate.der) for certificate in (usual, made))
    assert (ours.serial_number, ours.public_key()) == (theirs.serial_number, theirs.public_key())
    assert made.sha256 != usual.sha256


def test_a_host_that_no_certificate_can_name_is_refused() -> None:
    with pytest.raises(KernelError, match="ASCII"):
        enclave_certificate(KEY, hosts=["híve.example"])


def test_it_may_end_tls_and_nothing_else() -> None:
    read = x509.load_der_x509_certificate(enclave_certificate(KEY).der)
    assert not read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not read.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert read.not_valid_after_utc == datetime(2036, 1, 1, tzinfo=UTC)
    read.verify_directly_issued_by(read)


def test_neither_key_nor_its_text_is_printed() -> None:
    made = enclave_certificate(KEY)
    shown = repr(made)
    assert "PRIVATE" not in shown
    assert str(made.key.private_numbers().private_value) not in shown
    assert b"BEGIN PRIVATE KEY" in made.private_pem()
