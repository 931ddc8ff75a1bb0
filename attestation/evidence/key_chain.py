"""Who gave the service its key: a key service signs an application's key, that one the key of a path.

The guest agent of a dstack machine hands out secp256k1 keys with two recoverable signatures over Keccak-256:

    key service  signs  "dstack-kms-issued:", the application's id (20 bytes), the application's public key (33 bytes)
    application  signs  ":" and the hex of the path's public key (33 bytes); a purpose would stand before the colon

The key that signs runs is an Ed25519 key made from the secret of the path, which nobody outside can see. Therefore
the path's key signs it, too: SHA-256 over the label "hivemind:run-signer-chain:v1" and the raw public key, each
preceded by its length as eight big-endian bytes.

The chain says nothing about a build: every build of the application gets the same keys.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from attestation import domains
from attestation.encoding import unb64, unhex
from attestation.errors import KernelError
from attestation.evidence.errors import KeyChainBroken
from attestation.evidence.recovery import SIGNATURE_BYTES, recover
from attestation.framing import length_prefixed
from attestation.keccak import keccak256
from attestation.keys import VerifyKey
from attestation.reading import Reader

PUBLIC_BYTES: Final = 33
_POSSESSION_BYTES: Final = 64
_KEY_BYTES: Final = 32
_LINKS: Final = 2
_APP_LABEL: Final = b"dstack-kms-issued:"


@dataclass(frozen=True, kw_only=True)
class KeyChain:
    """The chain as a service publishes it: a claim until `check_chain` returned. Public keys are compressed points."""

    path_public: bytes
    app_public: bytes
    path_signature: bytes
    app_signature: bytes
    possession: bytes

    def to_wire(self) -> dict[str, Any]:
        """The bundle's member; the two signatures of the guest agent stand as it gives them."""
        return {
            "path_pubkey_hex": self.path_public.hex(),
            "app_pubkey_hex": self.app_public.hex(),
            "signature_chain": [self.path_signature.hex(), self.app_signature.hex()],
            "signer_signature_hex": self.possession.hex(),
        }


@dataclass(frozen=True, kw_only=True)
class EndorsedSigner:
    """What a demand on the source of the run signer looks at: proven values, and the chain that is to connect them.

    None: the evidence does not prove it, or there is no chain.
    """

    run_signer_pubkey_b64: str | None
    app_id: str | None
    chain: KeyChain | None


def read_key_chain(member: Reader) -> KeyChain:
    """Reads the bundle's member. Raises ManifestError or EncodingError for another form."""
    links = [unhex(text, SIGNATURE_BYTES) for text in member.texts("signature_chain")]
    if len(links) != _LINKS:
        raise KeyChainBroken
    return KeyChain(
        path_public=unhex(member.text("path_pubkey_hex"), PUBLIC_BYTES),
        app_public=unhex(member.text("app_pubkey_hex"), PUBLIC_BYTES),
        path_signature=links[0],
        app_signature=links[1],
        possession=unhex(member.text("signer_signature_hex"), _POSSESSION_BYTES),
    )


def compressed(public: bytes) -> bytes:
    """A secp256k1 public key in its short form. Raises KeyChainBroken for what is none."""
    return _compress(_point(public))


def make_key_chain(path_secret: bytes, signatures: tuple[bytes, bytes], *, run_signer: VerifyKey) -> KeyChain:
    """The chain for a run signer made from this secret, with the guest agent's signatures for the path's key.

    Raises KeyChainBroken when no application's key can have made the first of them, KernelError for a secret that is
    no key.
    """
    try:
        key = ec.derive_private_key(int.from_bytes(path_secret[:_KEY_BYTES], "big"), ec.SECP256K1())
    except ValueError as error:
        raise KernelError("The guest agent's key is no secp256k1 key.") from error
    path_public = public_of(key)
    made = key.sign(_possession_digest(run_signer), ec.ECDSA(Prehashed(SHA256()), deterministic_signing=True))
    r, s = decode_dss_signature(made)
    return KeyChain(
        path_public=path_public,
        app_public=recover(path_digest(path_public), signatures[0]),
        path_signature=signatures[0],
        app_signature=signatures[1],
        possession=r.to_bytes(32, "big") + s.to_bytes(32, "big"),
    )


def check_chain(chain: KeyChain, *, run_signer: VerifyKey) -> None:
    """The application's key vouches for the path's key, and that one for the run signer. Raises KeyChainBroken."""
    _check(chain.app_public, chain.path_signature, digest=path_digest(chain.path_public))
    _check(chain.path_public, chain.possession, digest=_possession_digest(run_signer))


def is_issued_by(chain: KeyChain, *, root: bytes, app_id: str) -> bool:
    """Whether the key service with this public key gave the application its key."""
    try:
        _check(root, chain.app_signature, digest=app_digest(chain.app_public, app_id=app_id))
    except KeyChainBroken:
        return False
    return True


def public_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The compressed public half."""
    return _compress(key.public_key())


def app_digest(app_public: bytes, *, app_id: str) -> bytes:
    """What a key service signs for an application (id as hex)."""
    return keccak256(_APP_LABEL + bytes.fromhex(app_id) + app_public)


def path_digest(path_public: bytes) -> bytes:
    """What an application signs for the key of a path."""
    return keccak256(b":" + path_public.hex().encode("ascii"))


def _possession_digest(run_signer: VerifyKey) -> bytes:
    return hashlib.sha256(length_prefixed([domains.RUN_SIGNER_CHAIN, unb64(run_signer.b64)])).digest()


def _check(public: bytes, signature: bytes, *, digest: bytes) -> None:
    r, s = (int.from_bytes(signature[start : start + 32], "big") for start in (0, 32))
    try:
        _point(public).verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature as error:
        raise KeyChainBroken from error


def _point(public: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), public)
    except ValueError as error:
        raise KeyChainBroken from error


def _compress(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
