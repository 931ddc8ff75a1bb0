"""An authenticator app of an operator. Its secret is kept sealed: a copy of the database holds no second factor."""

from base64 import b32encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

PURPOSE = "hivemind/second-factor/v1"


class Unreadable(Exception):
    """The secret was sealed under another secret key of the service."""


class Authenticator(TOTPDevice):  # type: ignore[misc]
    """A device of django-otp whose `key` is the secret sealed for its user under the service's secret key."""

    class Meta:
        proxy = True
        default_permissions = ()

    @classmethod
    def sealed(cls, secret: bytes, *, user_id: int) -> str:
        """What the column `key` holds of a secret."""
        return AESSIV(_key()).encrypt(secret, [str(user_id).encode()]).hex()

    @property
    def bin_key(self) -> bytes:
        """The secret. Raises Unreadable."""
        try:
            return AESSIV(_key()).decrypt(bytes.fromhex(self.key), [str(self.user_id).encode()])
        except (InvalidTag, ValueError) as error:
            raise Unreadable from error

    @property
    def spelled(self) -> str:
        """The secret as people type it into an app: base32 in groups of four."""
        text = b32encode(self.bin_key).decode("ascii").rstrip("=")
        return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _key() -> bytes:
    return salted_hmac(PURPOSE, "key", algorithm="sha512").digest()
