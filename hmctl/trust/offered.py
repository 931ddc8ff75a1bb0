"""What a service offers as proof when it is asked: read, bound to a nonce of ours, and not believed."""

import secrets
from dataclasses import dataclass, field
from typing import Final

from attestation.evidence.bundle import NotReady, Ready, parse_bundle
from hmctl.client import retries
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.clock import Clock

_NONCE_BYTES: Final = 32


@dataclass(frozen=True)
class Offered:
    """An answer to `nonce`. `claims` is the part of it that is meant to be verified."""

    nonce: bytes
    answer: JsonObject = field(repr=False)
    claims: Ready | NotReady


def ask(client: V1, *, clock: Clock, timeout_seconds: float) -> Offered:
    """Asks with a nonce that was never used before; again, with another one, when the service says that it is busy.

    Raises BundleMalformed and the transport's errors. Sends nothing secret.
    """
    nonce = b""

    def once() -> JsonObject:
        nonlocal nonce
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return client.attestation(timeout_seconds=timeout_seconds, nonce=nonce.hex())

    answer = retries.call(once, retry=retries.READ, clock=clock)
    return Offered(nonce, answer, parse_bundle(answer))
