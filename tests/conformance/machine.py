"""A machine that does not exist, with evidence in the real format: under the harness's own hardware maker, or a
development root. Every part can be asked for changed, for the lies.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from attestation.encoding import unb64
from attestation.evidence import report_data
from attestation.evidence.collateral import Collateral
from attestation.evidence.development import quotes
from attestation.evidence.development.authority import DevelopmentAuthority, development_authority
from attestation.evidence.development.boot import mint_event_log
from attestation.evidence.development.issuers import DevelopmentIssuers, development_issuers
from attestation.evidence.development.quotes import Measurements, mint_quote
from attestation.evidence.development.statements import MachineState, mint_collateral
from attestation.evidence.identity import BootFacts, KeyProvider, KeyProviderKind
from attestation.evidence.key_chain import KeyChain, make_key_chain
from attestation.keys import SigningKey

VERSION = "0.3.7"
DAY = 86_400
IN_ORDER = MachineState()


@cache
def authority(name: str) -> DevelopmentAuthority:
    """The root of this name; the same one each time."""
    return development_authority(hashlib.sha256(f"conformance {name}".encode()).digest())


@cache
def _statements(name: str, state: MachineState, issued_at: int, valid_seconds: int) -> Collateral:
    return mint_collateral(authority(name), issued_at=issued_at, valid_seconds=valid_seconds, state=state)


def statements(
    name: str, *, state: MachineState = IN_ORDER, age_seconds: int = 3600, valid_seconds: int = 7 * DAY
) -> Collateral:
    """What the maker of this name says about its machine."""
    now = int(time.time()) // 3600 * 3600
    return _statements(name, state, now - age_seconds, valid_seconds)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine with its keys. `root` names who made it; `facts` are random unless given."""

    root: str
    facts: BootFacts = field(default_factory=lambda: random_facts())
    version: str = VERSION
    registers: tuple[bytes, bytes, bytes, bytes] = (b"t" * 48, b"0" * 48, b"1" * 48, b"2" * 48)
    config_id: bytes | None = None
    debug: bool = False
    signer: SigningKey = field(default_factory=SigningKey.generate, repr=False)
    keyset: dict[str, bytes] = field(default_factory=lambda: {"handoff": secrets.token_bytes(32)})

    @property
    def authority(self) -> DevelopmentAuthority:
        return authority(self.root)

    @cached_property
    def log(self) -> tuple[str, bytes]:
        """The event log as text and the register that it leads to."""
        return mint_event_log(self.facts)

    @cached_property
    def measurements(self) -> Measurements:
        mr_td, *others = self.registers
        build = b"\x01" + bytes.fromhex(self.facts.compose_hash) + bytes(15)
        return Measurements(
            mr_td=mr_td,
            rtmrs=(others[0], others[1], others[2], self.log[1]),
            mr_config_id=build if self.config_id is None else self.config_id,
        )

    def quote(self, data: bytes) -> bytes:
        return mint_quote(self.authority, report_data=data, measurements=self.measurements, debug=self.debug)

    def binding(self, *, nonce: bytes, certificate: bytes | None) -> report_data.SessionBinding:
        """What an honest machine binds for this request."""
        return report_data.SessionBinding(
            app_version=self.version,
            nonce=nonce,
            tls_cert_sha256=certificate,
            run_signer=unb64(self.signer.public_b64),
            keyset_sha256=report_data.keyset_digest(self.keyset),
        )

    def rebuilt(self, **changes: object) -> "Machine":
        """The same machine with other facts about itself."""
        return replace(self, facts=replace(self.facts, **changes))  # type: ignore[arg-type]


def issuers(name: str, app_id: str) -> DevelopmentIssuers:
    """The key service of this name as it serves one application."""
    return development_issuers(hashlib.sha256(f"conformance {name}".encode()).digest(), app_id=app_id)


def key_chain(name: str, app_id: str, signer: SigningKey) -> KeyChain:
    """How this key service vouches for a run signer."""
    secret = hashlib.sha256(signer.seed).digest()
    return make_key_chain(secret, issuers(name, app_id).sign_path(secret), run_signer=signer.public)


def random_facts() -> BootFacts:
    return BootFacts(
        app_id=secrets.token_hex(20),
        compose_hash=secrets.token_hex(32),
        instance_id=secrets.token_hex(20),
        os_image_hash=secrets.token_hex(32),
        key_provider=KeyProvider(KeyProviderKind.KMS, secrets.token_bytes(32)),
    )


def as_version_5(quote: bytes, name: str) -> bytes:
    """The same machine as a quote of version 5, signed anew."""
    body = quote[48:632] + bytes(64)
    kind, size = (3).to_bytes(2, "little"), len(body).to_bytes(4, "little")
    signed = b"\x05" + quote[1:48] + kind + size + body
    return signed + quotes._counted(quotes._signature_part(authority(name), signed))


def resigned(quote: bytes, name: str, *, change: Callable[[bytearray], None]) -> bytes:
    """The quote with its header or report changed, and signed by the machine as if that were so."""
    signed = bytearray(quote[:632])
    change(signed)
    return bytes(signed) + quotes._counted(quotes._signature_part(authority(name), bytes(signed)))
