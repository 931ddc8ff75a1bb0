"""The 64 bytes a machine asks the hardware to quote: which build speaks, and through which TLS certificate.

Bytes 0 to 31 are a digest, byte 32 is the version, the rest is zero. The version is read from here and from
nowhere else: a service that claims a weaker one than its quote carries gains nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from attestation import domains
from attestation.errors import KernelError
from attestation.evidence.errors import ChannelNotBound, ReportDataDiffers, ReportDataUnknown

BUILD_ONLY: Final = 1
BUILD_AND_CHANNEL: Final = 2
_LENGTH: Final = 64
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True)
class ReportData:
    """Report data taken apart."""

    version: int
    digest: bytes


def build_v1(app_version: str) -> bytes:
    """Report data that names the build's version only."""
    return _assemble(BUILD_ONLY, _digest_v1(app_version))


def build_v2(app_version: str, *, cert_sha256: bytes) -> bytes:
    """Report data that names the version and the TLS certificate (SHA-256 of its DER form, 32 bytes)."""
    if len(cert_sha256) != _DIGEST_BYTES:
        raise KernelError("A certificate fingerprint has 32 bytes.")
    return _assemble(BUILD_AND_CHANNEL, _digest_v2(app_version, cert_sha256))


def read(report_data: bytes) -> ReportData:
    """Takes report data apart. Raises ReportDataUnknown for another length, version or non-zero rest."""
    version = report_data[_DIGEST_BYTES] if len(report_data) == _LENGTH else 0
    if version not in (BUILD_ONLY, BUILD_AND_CHANNEL) or any(report_data[_DIGEST_BYTES + 1 :]):
        raise ReportDataUnknown
    return ReportData(version, report_data[:_DIGEST_BYTES])


def check_build(report_data: bytes, *, app_version: str) -> None:
    """For version 1: the quote was made by a build of this version. Proves nothing about the connection.

    Raises ReportDataDiffers, also for version 2: that one must go through `check_channel`.
    """
    quoted = read(report_data)
    if quoted.version != BUILD_ONLY or not hmac.compare_digest(quoted.digest, _digest_v1(app_version)):
        raise ReportDataDiffers


def check_channel(report_data: bytes, *, app_version: str, cert_sha256: bytes) -> None:
    """The quote was made for this version and the certificate seen on this very connection.

    Raises ChannelNotBound when the quote names no certificate, ReportDataDiffers when it names another.
    """
    quoted = read(report_data)
    if quoted.version != BUILD_AND_CHANNEL:
        raise ChannelNotBound
    if not hmac.compare_digest(quoted.digest, _digest_v2(app_version, cert_sha256)):
        raise ReportDataDiffers


def _digest_v1(app_version: str) -> bytes:
    return hashlib.sha256(domains.REPORT_DATA_V1 + app_version.encode()).digest()


def _digest_v2(app_version: str, cert_sha256: bytes) -> bytes:
    return hashlib.sha256(domains.REPORT_DATA_V2 + app_version.encode() + cert_sha256).digest()


def _assemble(version: int, digest: bytes) -> bytes:
    return (digest + bytes([version])).ljust(_LENGTH, b"\0")
