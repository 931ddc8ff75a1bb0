"""Finds the class for what the verifying library refused. Only the name depends on it, never the verdict."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from attestation.errors import VerificationError
from attestation.evidence import errors
from attestation.evidence.chains import PARSING_ERRORS

_CHAIN: Final = "Failed to verify certificate chain"
_LIST: Final = " CRL"
# Parts of the library's messages, the first that occurs decides. What is not listed is a QuoteRefused.
_REASONS: Final[tuple[tuple[str, type[VerificationError]], ...]] = (
    ("TCB status is invalid: Revoked", errors.MachineRevoked),
    ("Debug mode is enabled", errors.DebugMachine),
    ("Signature is invalid for qe_report", errors.QuoteForged),
    ("ISV enclave report signature is invalid", errors.QuoteForged),
    ("QE report hash mismatch", errors.QuoteForged),
    ("Signature is invalid for tcb_info", errors.CollateralForged),
    ("Signature is invalid for qe_identity", errors.CollateralForged),
    ("Fmspc mismatch", errors.CollateralForOtherMachine),
    ("No matching TCB level found", errors.TcbLevelUnknown),
    ("Failed to decode TcbInfo", errors.CollateralMalformed),
    ("Failed to decode QeIdentity", errors.CollateralMalformed),
    ("Failed to parse root CA CRL", errors.CollateralMalformed),
    ("Failed to parse PCK CRL", errors.CollateralMalformed),
)


def reason_for(
    text: str, *, chains: Iterable[Sequence[x509.Certificate]], revocation_lists: Iterable[bytes]
) -> VerificationError:
    """The error to raise for a message of the library.

    For a refused chain or list the library does not tell revocation or forgery from other defects, so the lists (DER)
    are looked through here.
    """
    chains, lists = list(chains), _readable(revocation_lists)
    if (_CHAIN in text or _LIST in text) and _forged(chains, lists):
        return errors.CollateralForged()
    if _CHAIN in text:
        return errors.MachineRevoked() if _revoked(chains, lists) else errors.ChainInvalid()
    for part, reason in _REASONS:
        if part in text:
            return reason()
    return errors.QuoteRefused(text.removeprefix("Verification failed: "))


def _readable(lists: Iterable[bytes]) -> list[x509.CertificateRevocationList]:
    """The lists as far as they can be read."""
    read = []
    for der in lists:
        with suppress(*PARSING_ERRORS):
            read.append(x509.load_der_x509_crl(der))
    return read


def _forged(chains: Sequence[Sequence[x509.Certificate]], lists: Sequence[x509.CertificateRevocationList]) -> bool:
    """Whether a list names an authority of the chains as its issuer that did not sign it."""
    try:
        return any(
            crl.issuer == certificate.subject and not crl.is_signature_valid(_issuer_key(certificate))
            for chain in chains
            for certificate in chain
            for crl in lists
        )
    except PARSING_ERRORS:
        return False


def _issuer_key(certificate: x509.Certificate) -> CertificateIssuerPublicKeyTypes:
    key = certificate.public_key()
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("the maker's authorities have elliptic keys")
    return key


def _revoked(chains: Sequence[Sequence[x509.Certificate]], lists: Sequence[x509.CertificateRevocationList]) -> bool:
    try:
        return any(
            crl.issuer == certificate.issuer
            and crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
            for chain in chains
            for certificate in chain
            for crl in lists
        )
    except PARSING_ERRORS:
        return False
