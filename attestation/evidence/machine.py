"""A machine as its evidence proves it: what policies about the software are shown."""

from dataclasses import dataclass

from attestation.evidence.compose_hash import ComposeHash
from attestation.evidence.identity import BootFacts
from attestation.evidence.platform import VerifiedQuote


@dataclass(frozen=True)
class AttestedMachine:
    """A verified quote with what its registers and its configuration id tell. None: they tell nothing."""

    quote: VerifiedQuote
    facts: BootFacts | None
    compose: ComposeHash | None
