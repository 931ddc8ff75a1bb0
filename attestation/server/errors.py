"""Reasons for which the server's half of attestation refuses something."""

from hivemind.kit.errors import Unavailable


class SignerUnusable(Unavailable):
    """The development key file is damaged, or others may read it.

    Removing it makes a new key at the next use.
    """

    code = "run_signer_unusable"
    sentence = "The key that signs run records cannot be used; the operator must look at its file"


class EvidenceUnavailable(Unavailable):
    """There is no evidence at the moment. The sentence is what a bundle gives as its reason."""

    code = "evidence_unavailable"
    sentence = "The service cannot prove at the moment what it runs"


class EvidenceStarting(EvidenceUnavailable):
    """The first collection has not ended yet."""

    code = "evidence_starting"
    sentence = "starting"


class GuestAgentUnreachable(EvidenceUnavailable):
    """Nobody listens at the guest agent's address, or the connection broke."""

    code = "guest_agent_unreachable"
    sentence = "guest agent not reachable"


class GuestAgentSlow(EvidenceUnavailable):
    """The guest agent did not answer in the time that one call has."""

    code = "guest_agent_slow"
    sentence = "guest agent did not answer in time"


class GuestAgentRefused(EvidenceUnavailable):
    """The guest agent answered with an error."""

    code = "guest_agent_refused"
    sentence = "guest agent refused the call"


class GuestAgentMalformed(EvidenceUnavailable):
    """The guest agent's answer is not of the agreed form."""

    code = "guest_agent_malformed"
    sentence = "guest agent answered in an unknown form"


class EnclaveKeyUnusable(EvidenceUnavailable):
    """No key or certificate for TLS follows from what the guest agent gave, or from the service's public address."""

    code = "enclave_key_unusable"
    sentence = "no certificate for TLS can be made of the guest agent's key and the public address"


class EvidenceRefused(EvidenceUnavailable):
    """What the guest agent offered does not stand up to the check that every client makes."""

    code = "evidence_refused"
    sentence = "the evidence does not verify"


class IdentityChanged(EvidenceUnavailable):
    """The guest agent now offers another run signer or another build than before."""

    code = "evidence_identity_changed"
    sentence = "the machine's identity changed; restart the service"


class EvidenceBusy(EvidenceUnavailable):
    """As many fresh quotes are being made as this process makes at a time."""

    code = "evidence_busy"
    sentence = "Too many fresh quotes are being made; try again shortly"
