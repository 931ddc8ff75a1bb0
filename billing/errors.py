"""What money says no to."""

from hivemind.kit.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated, Unavailable, Unpayable


class NoPayer(Unpayable):
    """The caller does not pay by itself and named nobody who does."""

    code = "no_payer"
    sentence = "Send your own tenant API key in X-Hivemind-Api-Key: it says who pays for this run"


class BadPayer(Unauthenticated):
    """The payer's key is neither the owner key of a tenant in good standing nor a living spend token of one."""

    code = "bad_payer"
    sentence = "The key in X-Hivemind-Api-Key is not a valid tenant API key or spend token"


class InsufficientCredit(Unpayable):
    """The payer's balance does not cover the hold."""

    code = "insufficient_credit"
    sentence = "insufficient billing credit"

    def __init__(self, *, balance_micro_usd: int, required_hold_micro_usd: int) -> None:
        super().__init__(
            f"insufficient billing credit: balance_micro_usd={balance_micro_usd}, "
            f"required_hold_micro_usd={required_hold_micro_usd}. Redeem a credit code, or ask for fewer tokens",
            balance_micro_usd=balance_micro_usd,
            required_hold_micro_usd=required_hold_micro_usd,
        )


class SpendLimitReached(Unpayable):
    """What is left of the spend token's limit does not cover the hold."""

    code = "spend_limit_reached"
    sentence = "The spend token's limit does not cover this run: mint one with a higher limit"


class SpendTokenElsewhere(Denied):
    """The spend token was minted for another room or another service."""

    code = "spend_token_elsewhere"
    sentence = "This spend token was made for another room or service"


class SpendTokenNotFound(NotFound):
    """The tenant has no living spend token of this id."""

    code = "spend_token_not_found"
    sentence = "Spend token not found, or revoked already"


class BadSpendTokenPlace(Invalid):
    """The room or the service that a spend token is to pay at is not written as one."""

    code = "bad_spend_token_place"
    sentence = "room_id must be a room's id, and service an address such as https://host"


class BadLabel(Invalid):
    """A label is too long, or holds what must not be stored in clear."""

    code = "bad_label"
    sentence = "The label must have at most 200 characters and hold no key or code"


class PriceMissing(Invalid):
    """A model that the run would use has no price, and credit is enforced."""

    code = "price_missing"
    sentence = "billing price is not configured"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"billing price is not configured for {', '.join(missing)}", missing_prices=list(missing))


class PriceNotFound(NotFound):
    """There is no price for this model to withdraw."""

    code = "price_not_found"
    sentence = "There is no price for that provider and model"


class PriceBegun(Conflict):
    """A price that has begun, or is about to, is not cancelled: somebody may have been quoted it."""

    code = "price_begun"
    sentence = "That price has begun or begins within seconds: withdraw it, or set another one"


class PriceClash(Conflict):
    """A price that begins at the same moment exists; prices are never changed in place."""

    code = "price_clash"
    sentence = "A price for this model that begins at that moment exists already"


class BadPrice(Invalid):
    """A price's provider, model or date is not acceptable."""

    code = "bad_price"
    sentence = "provider and model are required"


class BadAmount(Invalid):
    """An amount of money is no plain decimal number, or out of bounds."""

    code = "bad_amount"
    sentence = "The amount must be a decimal number such as 3.00"


class BadNote(Invalid):
    """An operator's act on somebody's money came without a reason, or with one that is too long or holds a secret."""

    code = "bad_note"
    sentence = "Say why, in one sentence without secrets"


class BadExpiry(Invalid):
    """A moment of expiry is not a future moment."""

    code = "bad_expiry"
    sentence = "The expiry must be a moment in the future"


class AccountNotFound(NotFound):
    """There is no account of this tenant."""

    code = "account_not_found"
    sentence = "Tenant not found"


class AccountClosed(Conflict):
    """The tenant is gone; its books are kept and take no new credit and no new holds."""

    code = "account_closed"
    sentence = "The account is closed: its tenant was deleted"


class Overdraft(Conflict):
    """The act would take the balance below zero."""

    code = "overdraft"
    sentence = "That is more than the account's balance"


class HoldNotFound(NotFound):
    """There is no hold for this run."""

    code = "hold_not_found"
    sentence = "There is no hold for that run"


class HoldResolved(Conflict):
    """The run's hold was settled, voided or has expired already; it is resolved once only."""

    code = "hold_resolved"
    sentence = "The hold of that run is resolved already"


class RefundTooLarge(Conflict):
    """More would be refunded than the run was charged."""

    code = "refund_too_large"
    sentence = "That is more than was charged and not refunded yet"


class RepeatDiffers(Conflict):
    """Another act on this account was done under the same idempotency key."""

    code = "repeat_differs"
    sentence = "Another movement of this account was made under that idempotency key"


class BadRepeatKey(Invalid):
    """The idempotency key does not have the documented form."""

    code = "bad_repeat_key"
    sentence = "X-Hivemind-Idempotency-Key must be 12 to 64 hex digits"


class CreditCodeInvalid(Denied):
    """No credit code has this text."""

    code = "credit_code_invalid"
    sentence = "Invalid credit code"


class CreditCodeRevoked(Denied):
    """The credit code was revoked."""

    code = "credit_code_revoked"
    sentence = "This credit code was revoked"


class CreditCodeExpired(Denied):
    """The credit code's time is over."""

    code = "credit_code_expired"
    sentence = "This credit code has expired"


class CreditCodeExhausted(Denied):
    """The credit code has no uses left."""

    code = "credit_code_exhausted"
    sentence = "This credit code has no uses left"


class CreditCodeRedeemed(Denied):
    """The tenant has redeemed this credit code before."""

    code = "credit_code_redeemed"
    sentence = "You have redeemed this credit code already"


class CreditCodeMissing(Invalid):
    """The request carries no credit code."""

    code = "credit_code_missing"
    sentence = "credit_code is required"


class CreditCodeNotFound(NotFound):
    """There is no living credit code of this id."""

    code = "credit_code_not_found"
    sentence = "Credit code not found, or revoked already"


class BadUses(Invalid):
    """The number of uses of a credit code is no whole number from 1."""

    code = "bad_uses"
    sentence = "The number of uses must be a whole number from 1 to 1000000"


class SignupDisabled(Unavailable):
    """The operator has not opened signup."""

    code = "signup_disabled"
    sentence = "Self-serve signup is disabled on this service"


class CodeAfterSignup(Invalid):
    """A credit code was sent along with a signup."""

    code = "code_after_signup"
    sentence = "Redeem credit codes after signup, with the new key"
