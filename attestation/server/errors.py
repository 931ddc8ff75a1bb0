"""Reasons for which the server's half of attestation refuses something."""

from hivemind.kit.errors import Unavailable


class SignerUnusable(Unavailable):
    """The development key file is damaged, or others may read it.

    Removing it makes a new key at the next use.
    """

    code = "run_signer_unusable"
    sentence = "The key that signs run records cannot be used; the operator must look at its file"
