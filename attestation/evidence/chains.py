"""Certificate chains as they occur in quotes and collateral: read without tolerance, checked link by link.

Library and operating system read PEM with much goodwill, and a verifier that stops at its own root never looks
at the copy of that root in a chain. Here every byte of a chain counts, so nothing can be hidden in one.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from attestation.evidence.errors import ChainInvalid

_BLOCK: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n((?:[A-Za-z0-9+/=]{1,76}\r?\n)+)-----END CERTIFICATE-----(?:\r?\n|\Z)"
)
_LENGTHS: Final = range(2, 5)
# All that the parser of the certificate library raises on hostile bytes.
PARSING_ERRORS: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


def read_chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a chain, the leaf first.

    Raises ChainInvalid for anything but two to four PEM certificates directly after one another, including
    bytes before, between and after them.
    """
    blocks: list[bytes] = []
    at = 0
    while at < len(pem):
        block = _BLOCK.match(pem, at)
        if block is None or len(blocks) == _LENGTHS.stop:
            raise ChainInvalid
        blocks.append(_der(block.group(1)))
        at = block.end()
    if len(blocks) not in _LENGTHS:
        raise ChainInvalid
    try:
        return tuple(x509.load_der_x509_certificate(der) for der in blocks)
    except PARSING_ERRORS as error:
        raise ChainInvalid from error


def check_chains(chains: Sequence[Sequence[x509.Certificate]], *, root_point: bytes) -> None:
    """In each chain every certificate is signed by the next, the last one by itself, and its key is the root's.

    Chains share their ends; a signature that occurs in several is checked once. Raises ChainInvalid. Validity in time
    and revocation are left to the caller.
    """
    try:
        links = dict.fromkeys(link for chain in chains for link in zip(chain, [*chain[1:], chain[-1]], strict=True))
        for certificate, issuer in links:
            certificate.verify_directly_issued_by(issuer)
        points = {_point(chain[-1]) for chain in chains}
    except (*PARSING_ERRORS, InvalidSignature) as error:
        raise ChainInvalid from error
    if points != {root_point}:
        raise ChainInvalid("The certificates lead to another root than the one that is trusted.")


def _der(body: bytes) -> bytes:
    joined = body.replace(b"\r", b"").replace(b"\n", b"")
    try:
        der = base64.b64decode(joined, validate=True)
    except binascii.Error as error:
        raise ChainInvalid from error
    if base64.b64encode(der) != joined:
        raise ChainInvalid
    return der


def _point(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ChainInvalid
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
