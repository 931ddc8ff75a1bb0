"""Why a compose pin is refused: one class per reason."""

from hivemind.kit.errors import Conflict, Invalid, NotFound


class PinMalformed(Invalid):
    """What was offered is no compose pin, or says something that cannot be kept."""

    code = "pin_malformed"
    sentence = "The compose pin is not of the agreed form"


class PinTooLarge(Invalid):
    """A compose pin names more builds, or longer words, than are kept."""

    code = "pin_too_large"


class PinOfOtherTenant(Invalid):
    """A compose pin speaks about another tenant than the one whose key was presented."""

    code = "pin_of_other_tenant"
    sentence = "The compose pin belongs to another tenant"


class PinSignerDiffers(Invalid):
    """A compose pin was signed by a key that is not the owner's."""

    code = "pin_signer_differs"
    sentence = "The compose pin was signed by another key than the owner's"


class PinNotSigned(Invalid):
    """A compose pin carries no signature, or one that does not hold."""

    code = "pin_signature_invalid"
    sentence = "The signature of the compose pin does not hold"


class PinPast(Invalid):
    """A compose pin expired before it was handed over."""

    code = "pin_expired"
    sentence = "The compose pin has expired"


class PinRevoked(Conflict):
    """The very same compose pin was revoked before, and revocation is for good."""

    code = "pin_revoked"
    sentence = "This compose pin was revoked; sign a new one"


class PinIdTaken(Conflict):
    """Another compose pin of the tenant has the same short name."""

    code = "pin_id_taken"
    sentence = "Another compose pin has the same id; sign this one again with another issued_at"


class PinsFull(Conflict):
    """The tenant has as many compose pins as are kept for one."""

    code = "pins_full"


class PinNotFound(NotFound):
    """The tenant has no such compose pin, or has revoked it."""

    code = "pin_not_found"
    sentence = "Compose pin not found"
