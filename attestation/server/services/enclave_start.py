"""The certificate for a server that is about to listen: waited for, with a bound, and never replaced by another one."""

import time
from typing import Final

from attestation.evidence.enclave_tls import EnclaveCertificate
from attestation.server.errors import EvidenceUnavailable, GuestAgentSlow, GuestAgentUnreachable
from attestation.server.guest import GuestAgent
from attestation.server.services import enclave, sources
from hivemind.kit.conf import conf

RETRY_SECONDS: Final = 0.5


def certificate_at_start() -> EnclaveCertificate | None:
    """The machine's certificate for a server that is about to listen.

    An agent that does not answer is asked again for as long as the settings allow: at a machine's start it may come
    later than we do. Raises EvidenceUnavailable with the reason; nothing else takes the certificate's place.
    """
    until = time.monotonic() + conf.evidence.timeout_seconds
    while True:
        agent = GuestAgent(sources.endpoint(), call_seconds=sources.call_seconds())
        try:
            return enclave.certificate(agent)
        except (GuestAgentUnreachable, GuestAgentSlow):
            if time.monotonic() > until:
                raise
        finally:
            agent.close()
        time.sleep(RETRY_SECONDS)


def why_not(error: EvidenceUnavailable) -> str:
    """One line for whoever started the server."""
    return f"HIVEMIND_ENCLAVE_TLS is on and there is no key for it: {error} ({sources.endpoint()})"
