"""Finds the class for what the verifying library refused. Only the name depends on it, never the verdict."""

from collections.abc import Iterable, Sequence
from typing import Final

from cryptography import x509

from attestation.errors import VerificationError
from attestation.evidence import errors
from attestation.evidence.chains import PARSING_ERRORS

_CHAIN: Final = "Failed to verify certificate chain"
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

    For a refused chain the library does not tell revocation from other defects, so the lists (DER) are looked
    through here.
    """
    if _CHAIN in text:
        return errors.MachineRevoked() if _revoked(chains, revocation_lists) else errors.ChainInvalid()
    for part, reason in _REASONS:
        if part in text:
            return reason()
    return errors.QuoteRefused(text.removeprefix("Verification failed: "))


def _revoked(chains: Iterable[Sequence[x509.Certificate]], revocation_lists: Iterable[bytes]) -> bool:
    try:
        lists = [x509.load_der_x509_crl(der) for der in revocation_lists]
        return any(
            crl.issuer == certificate.issuer
            and crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
            for chain in chains
            for certificate in chain
            for crl in lists
        )
    except PARSING_ERRORS:
        return False
