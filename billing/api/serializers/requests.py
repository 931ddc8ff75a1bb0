"""Request bodies. Amounts become micro-USD, moments aware datetimes, and a whole body what its service takes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from billing.api.fields import Dollars, Moment, Note, Text, WholeNumber
from billing.errors import BadAmount, BadExpiry, BadPrice, BadUses, CodeAfterSignup, CreditCodeMissing
from billing.labels import LONGEST
from billing.services.credit_codes import NewCode
from billing.services.ledger import NOTE_CHARS, Grant
from billing.services.prices import NewPrice
from billing.services.spend_tokens import USUAL_SECONDS, NewSpendToken
from hivemind.kit import clock
from hivemind.kit.api.serializers import StrictSerializer

# More than a tenant may be called, so that a name too long is told in the words of names.
NAME_CHARS = 1_000
CODE_CHARS = 200
MOST_SECONDS = 100 * 365 * 24 * 3600


class SignupRequest(StrictSerializer):
    """A name for the new tenant. Credit codes are redeemed afterwards, with the new key."""

    name = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=NAME_CHARS)

    def to_internal_value(self, data: Any) -> Any:
        """Raises CodeAfterSignup before anything else is looked at."""
        if isinstance(data, Mapping) and {"credit_code", "invite_code", "signup_code", "code"} & set(data):
            raise CodeAfterSignup
        return super().to_internal_value(data)

    def to_name(self) -> str:
        """The name, empty when there is none."""
        return str(self.validated_data.get("name") or "")


class RedeemRequest(StrictSerializer):
    """A credit code, under one of two names."""

    credit_code = Text(required=False, allow_blank=True, allow_null=True, max_length=CODE_CHARS)
    code = Text(required=False, allow_blank=True, allow_null=True, max_length=CODE_CHARS, help_text="The same.")

    def to_code(self) -> str:
        """The code. Raises CreditCodeMissing."""
        text = self.validated_data.get("credit_code") or self.validated_data.get("code")
        if not text:
            raise CreditCodeMissing
        return str(text)


class SpendTokenRequest(StrictSerializer):
    """A spend token: its limit in one of two units, how long it lives and where it pays."""

    limit_micro_usd = WholeNumber(refusal=BadAmount, required=False, allow_null=True)
    limit_usd = Dollars(required=False, allow_null=True)
    expires_in_seconds = WholeNumber(
        refusal=BadExpiry, default=USUAL_SECONDS, help_text="At most 30 days; an hour unless given."
    )
    room_id = Text(default="", allow_blank=True, max_length=64, help_text="The only room in which it pays.")
    service = Text(default="", allow_blank=True, max_length=500, help_text="The only address at which it pays.")
    label = Text(default="", allow_blank=True, max_length=LONGEST)  # type: ignore[assignment]

    def to_token(self) -> NewSpendToken:
        """The token to be made. Raises BadAmount unless there is exactly one limit."""
        values = dict(self.validated_data)
        given = [values.pop(name, None) for name in ("limit_micro_usd", "limit_usd")]
        limits = [limit for limit in given if limit is not None]
        if len(limits) != 1:
            raise BadAmount("Give the limit once: as limit_micro_usd or as limit_usd")
        return NewSpendToken(limit_micro_usd=limits[0], **values)


class ExpiringRequest(StrictSerializer):
    """What may end: at a moment, or after some time, which wins."""

    expires_at = Moment(refusal=BadExpiry, required=False, allow_null=True)
    expires_in_seconds = WholeNumber(refusal=BadExpiry, required=False, allow_null=True)

    def end(self) -> datetime | None:
        """The moment, None for no end. Raises BadExpiry."""
        seconds = self.validated_data.get("expires_in_seconds")
        if seconds is None:
            at: datetime | None = self.validated_data.get("expires_at")
            return at
        if not 0 < seconds <= MOST_SECONDS:
            raise BadExpiry
        return clock.now() + timedelta(seconds=seconds)


class CreditCodeRequest(ExpiringRequest):
    """A credit code to be minted. `uses` is another name of `max_redemptions`."""

    credit_usd = Dollars(default=0)
    max_redemptions = WholeNumber(refusal=BadUses, required=False, allow_null=True, help_text="1 unless given.")
    uses = WholeNumber(refusal=BadUses, required=False, allow_null=True, help_text="The same.")
    label = Text(default="", allow_blank=True, max_length=LONGEST)  # type: ignore[assignment]

    def to_code(self) -> NewCode:
        """The code to be minted. Raises BadExpiry."""
        values = self.validated_data
        given = [values[name] for name in ("max_redemptions", "uses") if values.get(name) is not None]
        return NewCode(
            credit_micro_usd=values["credit_usd"],
            max_redemptions=given[0] if given else 1,
            expires_at=self.end(),
            label=values["label"],
        )


class GrantRequest(ExpiringRequest):
    """Credit for a tenant, perhaps until a moment."""

    amount_usd = Dollars(minimum=1)
    note = Note(default="", allow_blank=True, max_length=NOTE_CHARS)

    def to_grant(self) -> Grant:
        """The grant. Raises BadExpiry."""
        return Grant(self.validated_data["amount_usd"], note=self.validated_data["note"], expires_at=self.end())


class DebitRequest(StrictSerializer):
    """Money to be taken from a tenant, and why."""

    amount_usd = Dollars(minimum=1)
    note = Note(max_length=NOTE_CHARS)
    allow_overdraft = serializers.BooleanField(default=False, help_text="The balance may fall below zero.")


class RefundRequest(StrictSerializer):
    """Charged money to be given back, and why."""

    amount_usd = Dollars(minimum=1)
    note = Note(max_length=NOTE_CHARS)
    run_id = Text(default="", allow_blank=True, max_length=64, help_text="At most what this run was charged.")


class PriceRequest(StrictSerializer):
    """The price of a model, from now or from a moment in the future on."""

    provider = Text(default="", allow_blank=True, max_length=200)
    model = Text(default="", allow_blank=True, max_length=500)
    prompt_usd_per_million = Dollars()
    completion_usd_per_million = Dollars()
    source = Text(default="admin", allow_blank=True, max_length=40)  # type: ignore[assignment]
    effective_from = Moment(refusal=BadPrice, required=False, allow_null=True)

    def to_price(self) -> NewPrice:
        """The price to be set."""
        values = self.validated_data
        return NewPrice(
            provider=values["provider"],
            model=values["model"],
            prompt_micro_usd_per_mtok=values["prompt_usd_per_million"],
            completion_micro_usd_per_mtok=values["completion_usd_per_million"],
            effective_from=values.get("effective_from"),
            source=values["source"],
        )
