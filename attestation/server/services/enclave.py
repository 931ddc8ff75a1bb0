"""The certificate with which the web server ends TLS inside this machine, derived anew by every process that needs it.

Its key is in no file: the guest agent gives the same secret to every process of the application, after every start.
"""

from urllib.parse import urlsplit

from attestation.errors import KernelError
from attestation.evidence.bundle import TlsClaim
from attestation.evidence.enclave_tls import KEY_PATH, EnclaveCertificate, enclave_certificate
from attestation.server.errors import EnclaveKeyUnusable
from attestation.server.guest import GuestAgent
from hivemind.kit.conf import conf


def certificate(agent: GuestAgent) -> EnclaveCertificate | None:
    """The machine's certificate; None when the operator lets TLS end elsewhere.

    It names the host of the public address beside the usual ones. Raises GuestAgent… as the agent's calls do, and
    EnclaveKeyUnusable.
    """
    if not conf.evidence.enclave_tls:
        return None
    host = urlsplit(conf.service.public_url).hostname
    try:
        return enclave_certificate(agent.key(KEY_PATH), hosts=[host] if host else [])
    except KernelError as error:
        raise EnclaveKeyUnusable from error


def claim(made: EnclaveCertificate | None) -> TlsClaim:
    """What a bundle says about it, but for the address that leads to this machine alone."""
    if made is None:
        return TlsClaim()
    return TlsClaim(enabled=True, cert_fingerprint_sha256_hex=made.sha256.hex(), cert_pem=made.pem)


def pinning_url(app_id: str) -> str:
    """The address at which the operator's gateway hands the connection through to this application, TLS and all."""
    gateway = conf.evidence.pinning_gateway
    return f"https://{app_id}-{conf.service.port}s.{gateway}" if gateway else ""
