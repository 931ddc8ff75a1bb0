"""The 64 bytes a machine asks the hardware to quote: which build speaks, and through which TLS certificate.

Bytes 0 to 31 are a digest, byte 32 is the version, the rest is zero. The version is read from here and from
nowhere else: a service that claims a weaker one than its quote carries gains nothing.

Versions 1 and 2 are made once, when a service starts. Version 3 answers one request: its digest is the SHA-256
of the following fields, each preceded by its length as eight big-endian bytes:

    "hivemind:report-data:v3"
    "app-version"             the version's text, UTF-8
    "nonce"                   32 bytes chosen by the asker
    "tls-certificate-sha256"  32 bytes over the certificate's DER form, or nothing when TLS ends elsewhere
    "run-signer"              32 bytes, the raw Ed25519 public key that signs runs
    "keyset-sha256"           32 bytes, `keyset_digest` of the other public keys of the service

The labels are fields of their own, in this order.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from attestation import domains
from attestation.errors import KernelError
from attestation.evidence.errors import (
    ChannelNotBound,
    ExpectationMissing,
    NonceNotBound,
    ReportDataDiffers,
    ReportDataUnknown,
)
from attestation.framing import length_prefixed

BUILD_ONLY: Final = 1
BUILD_AND_CHANNEL: Final = 2
SESSION: Final = 3
_LENGTH: Final = 64
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True)
class ReportData:
    """Report data taken apart."""

    version: int
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class SessionBinding:
    """What version 3 binds. `tls_cert_sha256` is None when TLS does not end inside the machine.

    Raises KernelError for a member of another length than 32 bytes.
    """

    app_version: str
    nonce: bytes
    tls_cert_sha256: bytes | None
    run_signer: bytes
    keyset_sha256: bytes

    def __post_init__(self) -> None:
        fixed = (self.nonce, self.run_signer, self.keyset_sha256, self.tls_cert_sha256)
        if any(member is not None and len(member) != _DIGEST_BYTES for member in fixed):
            raise KernelError("Nonce, keys and digests of report data have 32 bytes each.")


def build_v1(app_version: str) -> bytes:
    """Report data that names the build's version only."""
    return _assemble(BUILD_ONLY, _digest_v1(app_version))


def build_v2(app_version: str, *, cert_sha256: bytes) -> bytes:
    """Report data that names the version and the TLS certificate (SHA-256 of its DER form, 32 bytes)."""
    if len(cert_sha256) != _DIGEST_BYTES:
        raise KernelError("A certificate fingerprint has 32 bytes.")
    return _assemble(BUILD_AND_CHANNEL, _digest_v2(app_version, cert_sha256))


def build_v3(binding: SessionBinding) -> bytes:
    """Report data that answers one request and names every key the answer relies on."""
    return _assemble(SESSION, _digest_v3(binding))


def keyset_digest(keys: Mapping[str, bytes]) -> bytes:
    """One digest for a service's public keys by name, in the order of their names; no keys have one, too."""
    fields = [part for name in sorted(keys) for part in (name.encode("utf-8"), keys[name])]
    return hashlib.sha256(length_prefixed([domains.KEYSET, *fields])).digest()


def read(report_data: bytes) -> ReportData:
    """Takes report data apart. Raises ReportDataUnknown for another length, version or non-zero rest."""
    version = report_data[_DIGEST_BYTES] if len(report_data) == _LENGTH else 0
    if version not in (BUILD_ONLY, BUILD_AND_CHANNEL, SESSION) or any(report_data[_DIGEST_BYTES + 1 :]):
        raise ReportDataUnknown
    return ReportData(version, report_data[:_DIGEST_BYTES])


def check_build(report_data: bytes, *, app_version: str) -> None:
    """For version 1: the quote was made by a build of this version. Proves nothing about the connection.

    Raises ReportDataDiffers, also for the later versions: they have checks of their own.
    """
    quoted = read(report_data)
    if quoted.version != BUILD_ONLY or not hmac.compare_digest(quoted.digest, _digest_v1(app_version)):
        raise ReportDataDiffers


def check_channel(report_data: bytes, *, app_version: str, cert_sha256: bytes) -> None:
    """The quote was made for this version and the certificate seen on this very connection.

    Raises ChannelNotBound when the quote names no certificate, ReportDataDiffers when it names another,
    ExpectationMissing for version 3, which must go through `check_session`.
    """
    quoted = read(report_data)
    if quoted.version == SESSION:
        raise ExpectationMissing
    if quoted.version != BUILD_AND_CHANNEL:
        raise ChannelNotBound
    if not hmac.compare_digest(quoted.digest, _digest_v2(app_version, cert_sha256)):
        raise ReportDataDiffers


def check_session(report_data: bytes, *, binding: SessionBinding) -> None:
    """For version 3: the quote was made for this request, connection, run signer and set of keys.

    Raises NonceNotBound for an earlier version, ReportDataDiffers when any part is another one.
    """
    quoted = read(report_data)
    if quoted.version != SESSION:
        raise NonceNotBound
    if not hmac.compare_digest(quoted.digest, _digest_v3(binding)):
        raise ReportDataDiffers


def _digest_v1(app_version: str) -> bytes:
    return hashlib.sha256(domains.REPORT_DATA_V1 + app_version.encode()).digest()


def _digest_v2(app_version: str, cert_sha256: bytes) -> bytes:
    return hashlib.sha256(domains.REPORT_DATA_V2 + app_version.encode() + cert_sha256).digest()


def _digest_v3(binding: SessionBinding) -> bytes:
    labelled = {
        b"app-version": binding.app_version.encode("utf-8"),
        b"nonce": binding.nonce,
        b"tls-certificate-sha256": binding.tls_cert_sha256 or b"",
        b"run-signer": binding.run_signer,
        b"keyset-sha256": binding.keyset_sha256,
    }
    fields = [part for label_and_value in labelled.items() for part in label_and_value]
    return hashlib.sha256(length_prefixed([domains.REPORT_DATA_V3, *fields])).digest()


def _assemble(version: int, digest: bytes) -> bytes:
    return (digest + bytes([version])).ljust(_LENGTH, b"\0")
