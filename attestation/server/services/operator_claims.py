"""What the operator's settings add to the evidence: the certificate of the machine's TLS, the registry of builds."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from attestation.evidence.bundle import AppAuth, TlsClaim
from attestation.server.errors import CertificateUnusable
from hivemind.kit.conf import conf


def tls() -> TlsClaim:
    """The certificate with which TLS ends inside this machine; not enabled when TLS ends elsewhere.

    The file is read at every call, so that a renewed certificate is taken. Raises CertificateUnusable.
    """
    if not conf.evidence.enclave_certificate:
        return TlsClaim()
    try:
        certificate = x509.load_pem_x509_certificate(Path(conf.evidence.enclave_certificate).read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateUnusable from error
    return TlsClaim(
        enabled=True,
        cert_fingerprint_sha256_hex=certificate.fingerprint(SHA256()).hex(),
        cert_pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
    )


def app_auth() -> AppAuth:
    """Where the operator registers builds; all empty unless a contract is set."""
    if not conf.evidence.app_auth_contract:
        return AppAuth()
    return AppAuth(
        contract=conf.evidence.app_auth_contract,
        chain_id=conf.evidence.app_auth_chain_id,
        rpc_url=conf.evidence.app_auth_rpc_url,
        explorer_base_url=conf.evidence.app_auth_explorer_base_url,
    )
