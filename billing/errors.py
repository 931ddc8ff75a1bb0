"""What money says no to."""

from hivemind.kit.errors import Unauthenticated, Unpayable


class NoPayer(Unpayable):
    """The caller does not pay by itself and named nobody who does."""

    code = "no_payer"
    sentence = "Send your own tenant API key in X-Hivemind-Api-Key: it says who pays for this run"


class BadPayer(Unauthenticated):
    """The payer's key is not the owner key of a tenant in good standing."""

    code = "bad_payer"
    sentence = "The key in X-Hivemind-Api-Key is not a valid tenant API key"
