"""An invented key service and application, which sign the keys of a stand-in as real ones sign those of a machine."""

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from attestation import domains
from attestation.errors import KernelError
from attestation.evidence.errors import KeyChainBroken
from attestation.evidence.key_chain import app_digest, path_digest, public_of
from attestation.evidence.recovery import recover


@dataclass(frozen=True)
class DevelopmentIssuers:
    """The two keys above every path's key. Prints neither."""

    root: ec.EllipticCurvePrivateKey = field(repr=False)
    app: ec.EllipticCurvePrivateKey = field(repr=False)
    app_id: str

    @property
    def root_public(self) -> bytes:
        """The key service's public key, compressed."""
        return public_of(self.root)

    def sign_path(self, secret: bytes) -> tuple[bytes, bytes]:
        """The two signatures that go with the key of a path."""
        path = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256K1())
        issued = _sign(self.root, app_digest(public_of(self.app), app_id=self.app_id))
        return _sign(self.app, path_digest(public_of(path))), issued


def development_issuers(seed: bytes, *, app_id: str) -> DevelopmentIssuers:
    """The issuers that follow from a stand-in's seed."""
    root, app = (_key(seed, name) for name in (b"key service", b"application"))
    return DevelopmentIssuers(root, app, app_id)


def _key(seed: bytes, name: bytes) -> ec.EllipticCurvePrivateKey:
    scalar = hashlib.sha256(domains.DEVELOPMENT_EVIDENCE + b"|" + name + b"|" + seed).digest()
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256K1())


def _sign(key: ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    """A recoverable signature: the choice among the candidates is found by trying."""
    r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(SHA256()), deterministic_signing=True)))
    plain = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    for choice in range(4):
        try:
            if recover(digest, plain + bytes([choice])) == public_of(key):
                return plain + bytes([choice])
        except KeyChainBroken:
            continue
    raise KernelError("A signature leads to no key.")
