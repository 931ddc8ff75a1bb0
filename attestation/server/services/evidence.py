"""What this installation offers as proof of what it runs."""

from typing import Any

from django.conf import settings

from attestation.evidence.bundle import DevelopmentSigner, NotReady
from attestation.server import signer
from attestation.server.errors import SignerUnusable

REASON = "no_attested_hardware"


def bundle() -> dict[str, Any]:
    """The attestation bundle in wire form: not ready, with the development key where there is one.

    Never fails.
    """
    version = str(settings.SPECTACULAR_SETTINGS["VERSION"])
    try:
        public = signer.run_signer().key.public_b64
    except SignerUnusable:
        return NotReady(SignerUnusable.code, version).to_wire()
    return NotReady(REASON, version, DevelopmentSigner(public)).to_wire()
