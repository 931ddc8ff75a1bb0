"""The key that signs run records, and what vouches for it.

With evidence it is the key that the guest agent derives for this application, and the evidence names it. Without, it
is a development key in the state directory, made at its first use and shared by every process. That one proves that
two records come from the same installation, and nothing about hardware.
"""

from dataclasses import dataclass
from pathlib import Path

from attestation.encoding import b64, unb64
from attestation.errors import KernelError
from attestation.keys import SigningKey
from attestation.server import private_files
from attestation.server.errors import SignerUnusable
from attestation.server.services import sources
from attestation.server.services.collecting import Kind
from hivemind.kit.conf import conf

FILE_NAME = "development-run-signer.key"


@dataclass(frozen=True)
class Signer:
    """A run-signing key and what vouches for it."""

    key: SigningKey
    kind: Kind


def run_signer() -> Signer:
    """The signer of this installation, the same in every process.

    Raises SignerUnusable for a damaged development key. With evidence it waits as long as the settings say for the
    first proof and raises EvidenceUnavailable when there is none: no other key takes its place.
    """
    kept = sources.keeper()
    if kept is None:
        return Signer(_development_key(conf.state_dir / FILE_NAME), "development")
    return Signer(kept.identity(patience_seconds=conf.evidence.timeout_seconds).signer, kept.kind)


def compose_hash() -> str:
    """The digest of the running build as a verified quote tells it; empty without evidence, or before there is any."""
    kept = sources.keeper()
    identity = kept.proven() if kept else None
    return identity.compose_hash if identity else ""


def _development_key(path: Path) -> SigningKey:
    try:
        private_files.ensure(path, lambda: b64(SigningKey.generate().seed).encode("ascii"))
        return SigningKey.from_seed(unb64(private_files.read(path).decode("ascii")))
    except (OSError, ValueError, KernelError) as error:
        raise SignerUnusable from error
