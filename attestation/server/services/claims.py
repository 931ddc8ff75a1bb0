"""What the service says about itself beside a quote: its version, the key that signs runs, the certificate of TLS."""

import logging
from dataclasses import dataclass

from django.conf import settings

from attestation.encoding import unhex
from attestation.errors import KernelError
from attestation.evidence import report_data
from attestation.evidence.bundle import RUN_SIGNER_KEY_PATH, TlsClaim
from attestation.evidence.key_chain import KeyChain, check_chain, make_key_chain
from attestation.keys import SigningKey, derive_run_signer
from attestation.server.guest import GuestAgent, IssuedKey
from attestation.server.services import enclave

log = logging.getLogger(__name__)


def app_version() -> str:
    """The version that report data name."""
    return str(settings.SPECTACULAR_SETTINGS["VERSION"])


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The same in all bundles of one collection."""

    signer: SigningKey
    chain: KeyChain | None
    tls: TlsClaim
    booted_at: float

    @property
    def certificate_sha256(self) -> bytes | None:
        """The certificate that quotes name; None when TLS ends elsewhere."""
        return unhex(self.tls.cert_fingerprint_sha256_hex) if self.tls.enabled else None

    @property
    def report_data_at_start(self) -> bytes:
        """What the quote is made over that answers no request."""
        certificate = self.certificate_sha256
        if certificate is None:
            return report_data.build_v1(app_version())
        return report_data.build_v2(app_version(), cert_sha256=certificate)


def gather(agent: GuestAgent, *, booted_at: float) -> Claims:
    """Ask the agent for the keys. Raises GuestAgent… when it does not answer well, EnclaveKeyUnusable."""
    issued = agent.issued(RUN_SIGNER_KEY_PATH)
    signer = derive_run_signer(issued.secret)
    tls = enclave.claim(enclave.certificate(agent))
    return Claims(signer=signer, chain=_chain(issued, signer), tls=tls, booted_at=booted_at)


def _chain(issued: IssuedKey, signer: SigningKey) -> KeyChain | None:
    """What leads from the key service to the signer. One that does not hold is not shown: nothing else rests on it."""
    if not issued.signatures:
        return None
    path, app = issued.signatures
    try:
        chain = make_key_chain(issued.secret, (path, app), run_signer=signer.public)
        check_chain(chain, run_signer=signer.public)
    except KernelError as error:
        log.warning("the chain of the run signer's key does not hold and is not shown", extra={"code": error.code})
        return None
    return chain
