"""What a quote's report data prove about this request: build, nonce, connection, keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from attestation.encoding import unb64, unhex
from attestation.errors import EncodingError
from attestation.evidence import report_data
from attestation.evidence.bundle import Ready
from attestation.evidence.checks import CheckResult, not_checked, verified
from attestation.evidence.errors import BundleMalformed, ChannelNotBound, ExpectationMissing, NonceNotBound
from attestation.evidence.report_data import SessionBinding
from attestation.policy.base import NotGiven

BUILD, NONCE, CHANNEL, KEYS = "app version", "nonce", "tls channel", "run signer and keys"
_FINGERPRINT_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class EvidenceExpectation:
    """What the asker holds against the evidence: its own nonce, and the certificate it saw on this connection.

    Both are 32 bytes (the certificate as SHA-256 of its DER form), or the reason why there is none.
    """

    nonce: bytes | NotGiven
    tls_cert_sha256: bytes | NotGiven


@dataclass(frozen=True, kw_only=True)
class Session:
    """What holds for this request. Signer and keys are there only when the quote names them."""

    run_signer_pubkey_b64: str | None
    keyset: Mapping[str, bytes]
    checks: tuple[CheckResult, ...]


def check_session(bundle: Ready, *, quoted: bytes, expect: EvidenceExpectation) -> Session:
    """Holds 64 bytes of verified report data against the bundle's claims and the asker's expectation.

    An expectation that the quote says nothing about is refused: NonceNotBound, ChannelNotBound. Raises
    ExpectationMissing when the quote answers a nonce that was not given, ReportDataDiffers,
    ReportDataUnknown or BundleMalformed.
    """
    version = report_data.read(quoted).version
    if version == report_data.SESSION:
        return _answered(bundle, quoted=quoted, expect=expect)
    if isinstance(expect.nonce, bytes):
        raise NonceNotBound
    if version == report_data.BUILD_ONLY:
        return _build_only(bundle, quoted=quoted, expect=expect)
    seen = expect.tls_cert_sha256
    certificate = seen if isinstance(seen, bytes) else _claimed_certificate(bundle)
    report_data.check_channel(quoted, app_version=bundle.hivemind_version, cert_sha256=certificate)
    return _unanswered(expect.nonce, _channel_result(expect))


def _answered(bundle: Ready, *, quoted: bytes, expect: EvidenceExpectation) -> Session:
    if isinstance(expect.nonce, NotGiven):
        raise ExpectationMissing
    certificate: bytes | None = None
    if isinstance(expect.tls_cert_sha256, bytes):
        if not bundle.tls.enabled:
            raise ChannelNotBound
        certificate = expect.tls_cert_sha256
    elif bundle.tls.enabled:
        certificate = _claimed_certificate(bundle)
    if not bundle.run_signer_pubkey_b64:
        raise BundleMalformed
    binding = SessionBinding(
        app_version=bundle.hivemind_version,
        nonce=expect.nonce,
        tls_cert_sha256=certificate,
        run_signer=unb64(bundle.run_signer_pubkey_b64),
        keyset_sha256=report_data.keyset_digest(bundle.keyset),
    )
    report_data.check_session(quoted, binding=binding)
    checks = (verified(BUILD, bundle.hivemind_version), verified(NONCE), _channel_result(expect), verified(KEYS))
    return Session(run_signer_pubkey_b64=bundle.run_signer_pubkey_b64, keyset=dict(bundle.keyset), checks=checks)


def _build_only(bundle: Ready, *, quoted: bytes, expect: EvidenceExpectation) -> Session:
    report_data.check_build(quoted, app_version=bundle.hivemind_version)
    if isinstance(expect.tls_cert_sha256, bytes):
        raise ChannelNotBound
    return _unanswered(expect.nonce, _channel_result(expect))


def _unanswered(nonce: NotGiven | bytes, channel: CheckResult) -> Session:
    """The account for report data that were made when the service started."""
    reason = nonce.reason if isinstance(nonce, NotGiven) else ""
    checks = (
        verified(BUILD),
        not_checked(NONCE, reason),
        channel,
        not_checked(KEYS, "the quote does not name them"),
    )
    return Session(run_signer_pubkey_b64=None, keyset={}, checks=checks)


def _channel_result(expect: EvidenceExpectation) -> CheckResult:
    seen = expect.tls_cert_sha256
    return not_checked(CHANNEL, seen.reason) if isinstance(seen, NotGiven) else verified(CHANNEL)


def _claimed_certificate(bundle: Ready) -> bytes:
    try:
        return unhex(bundle.tls.cert_fingerprint_sha256_hex, _FINGERPRINT_BYTES)
    except EncodingError as error:
        raise BundleMalformed from error
