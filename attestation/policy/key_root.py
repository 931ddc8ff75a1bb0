"""Demands on where the key that signs runs comes from."""

from dataclasses import dataclass

from attestation.evidence.errors import KeyChainMissing
from attestation.evidence.key_chain import EndorsedSigner, check_chain, compressed, is_issued_by
from attestation.keys import VerifyKey
from attestation.policy.errors import KeyRootRefused, PolicyEmpty, SubjectUnknown


@dataclass(frozen=True)
class KeyRootPolicy:
    """Accepts run signers of applications whose key one of these key services gave out.

    `roots` are the services' secp256k1 public keys as points of SEC 1, short or long.
    """

    roots: frozenset[bytes]

    def verify(self, value: EndorsedSigner) -> None:
        """Raises KeyRootRefused, KeyChainMissing, KeyChainBroken, SubjectUnknown or PolicyEmpty."""
        if not self.roots:
            raise PolicyEmpty
        if value.chain is None:
            raise KeyChainMissing
        if value.run_signer_pubkey_b64 is None:
            raise SubjectUnknown("key for signing runs")
        if value.app_id is None:
            raise SubjectUnknown("application")
        check_chain(value.chain, run_signer=VerifyKey.from_b64(value.run_signer_pubkey_b64))
        if not any(is_issued_by(value.chain, root=compressed(root), app_id=value.app_id) for root in self.roots):
            raise KeyRootRefused
