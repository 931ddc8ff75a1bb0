"""What this installation offers as proof of what it runs."""

from typing import Any

from attestation.evidence.bundle import DevelopmentSigner, NotReady
from attestation.server import signer
from attestation.server.errors import EvidenceUnavailable, SignerUnusable
from attestation.server.services import sources
from attestation.server.services.claims import app_version
from attestation.server.services.keeper import RETRY_AFTER_SECONDS, State

REASON = "no_attested_hardware"


def bundle() -> dict[str, Any]:
    """The attestation bundle in wire form, as it was collected before; not ready, with the reason, while there is none.

    Without evidence by the operator's choice it holds the development key where there is one. Never fails, and waits
    a few seconds at most.
    """
    kept = sources.keeper()
    if kept is None:
        return _no_hardware()
    try:
        known = kept.evidence()
    except EvidenceUnavailable as error:
        return NotReady(str(error), app_version()).to_wire()
    return known.to_wire(known.bundle)


def answer(nonce: bytes) -> dict[str, Any]:
    """The bundle with a quote made for these 32 bytes; as `bundle` says while there is no evidence.

    Raises EvidenceUnavailable with the time to wait when no quote can be made now.
    """
    kept = sources.keeper()
    if kept is None:
        return _no_hardware()
    try:
        kept.evidence()
    except EvidenceUnavailable as error:
        return NotReady(str(error), app_version()).to_wire()
    try:
        known, made = kept.fresh(nonce)
    except EvidenceUnavailable as error:
        raise type(error)(str(error), retry_after_seconds=RETRY_AFTER_SECONDS) from error
    return known.to_wire(made)


def state() -> State | None:
    """How it stands with the evidence, without waiting. None: the operator asked for none."""
    kept = sources.keeper()
    return None if kept is None else kept.state()


def _no_hardware() -> dict[str, Any]:
    try:
        public = signer.run_signer().key.public_b64
    except SignerUnusable:
        return NotReady(SignerUnusable.code, app_version()).to_wire()
    return NotReady(REASON, app_version(), DevelopmentSigner(public)).to_wire()
