"""Responses, for the OpenAPI document. `billing.api.shapes` builds them."""

from typing import Any

from rest_framework import serializers

from billing.enums import PublicKind

Response = serializers.Serializer[Any]


class EntryResponse(Response):
    """One movement of an account."""

    entry_id = serializers.CharField()
    tenant_id = serializers.CharField()
    created_at = serializers.FloatField()
    kind = serializers.ChoiceField(choices=PublicKind.choices)
    run_id = serializers.CharField(allow_null=True)
    amount_micro_usd = serializers.IntegerField()
    metadata = serializers.DictField()


class NamedEntryResponse(EntryResponse):
    """One movement, with the name of whose account it moved."""

    name = serializers.CharField()


class MovedResponse(EntryResponse):
    """A movement just made, and the balance after it."""

    balance_micro_usd = serializers.IntegerField()


class SpendingDayResponse(Response):
    """What was charged on one day of UTC."""

    date = serializers.DateField()
    spent_micro_usd = serializers.IntegerField()
    run_count = serializers.IntegerField()


class BillingResponse(Response):
    """An account: what can be spent now, what running asks hold, the newest entries first, and the last 30 days."""

    tenant_id = serializers.CharField()
    balance_micro_usd = serializers.IntegerField()
    held_micro_usd = serializers.IntegerField()
    spent_micro_usd = serializers.IntegerField()
    credited_micro_usd = serializers.IntegerField()
    enforce_credits = serializers.BooleanField()
    ledger = EntryResponse(many=True)
    spending = SpendingDayResponse(many=True, help_text="Oldest day first; days without movements are left out.")


class RedeemedResponse(Response):
    """What a credit code gave, and the balance with it."""

    code_id = serializers.CharField()
    redemption_id = serializers.CharField()
    credit_micro_usd = serializers.IntegerField()
    balance_micro_usd = serializers.IntegerField()


class SignedUpResponse(Response):
    """A new tenant. Its key is shown this once."""

    tenant_id = serializers.CharField()
    name = serializers.CharField()
    api_key = serializers.CharField()
    starter_credit_micro_usd = serializers.IntegerField()
    balance_micro_usd = serializers.IntegerField()


class SpendTokenResponse(Response):
    """A spend token. `committed_micro_usd` is what its runs hold now or have cost."""

    token_id = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    limit_micro_usd = serializers.IntegerField()
    committed_micro_usd = serializers.IntegerField()
    room_id = serializers.CharField(allow_blank=True)
    service = serializers.CharField(allow_blank=True)
    expires_at = serializers.FloatField()
    created_at = serializers.FloatField()
    revoked_at = serializers.FloatField(allow_null=True)


class SpendTokenMintedResponse(SpendTokenResponse):
    """A new spend token, whose text is shown this once."""

    token = serializers.CharField()


class SpendTokensResponse(Response):
    """Spend tokens, newest first, revoked and expired ones included."""

    spend_tokens = SpendTokenResponse(many=True)


class SpendTokenRevokedResponse(Response):
    """The token pays for nothing more."""

    status = serializers.CharField()
    token_id = serializers.CharField()


class CreditCodeResponse(Response):
    """A credit code, without its text."""

    code_id = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    credit_micro_usd = serializers.IntegerField()
    max_redemptions = serializers.IntegerField()
    redeemed_count = serializers.IntegerField()
    created_at = serializers.FloatField()
    expires_at = serializers.FloatField(allow_null=True)
    revoked_at = serializers.FloatField(allow_null=True)


class CreditCodeMintedResponse(CreditCodeResponse):
    """A new credit code. Its text is shown this once."""

    code = serializers.CharField()


class ListedCreditCodeResponse(CreditCodeResponse):
    """A credit code and what can still be done with it."""

    remaining_redemptions = serializers.IntegerField()
    expired = serializers.BooleanField()
    active = serializers.BooleanField()


class CreditCodesResponse(Response):
    """Credit codes, newest first."""

    credit_codes = ListedCreditCodeResponse(many=True)


class CreditCodeRevokedResponse(Response):
    """Nobody can redeem the code any more."""

    status = serializers.CharField()
    code_id = serializers.CharField()


class AccountResponse(Response):
    """One account's figures. `total_held_micro_usd` is what unfinished runs hold now."""

    tenant_id = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.FloatField()
    closed_at = serializers.FloatField(allow_null=True)
    suspended = serializers.BooleanField()
    balance_micro_usd = serializers.IntegerField()
    total_credit_micro_usd = serializers.IntegerField()
    total_spent_micro_usd = serializers.IntegerField()
    total_held_micro_usd = serializers.IntegerField()
    total_debited_micro_usd = serializers.IntegerField()


class AccountsResponse(Response):
    """Accounts, newest first, and whether credit is enforced."""

    accounts = AccountResponse(many=True)
    enforce_credits = serializers.BooleanField()


class LedgerResponse(Response):
    """Entries of several accounts, newest first."""

    ledger = NamedEntryResponse(many=True)


class PriceResponse(Response):
    """A price for a million tokens, in micro-USD, in force from `effective_from` until the model's next one."""

    provider = serializers.CharField()
    model = serializers.CharField()
    prompt_microusd_per_mtok = serializers.IntegerField()
    completion_microusd_per_mtok = serializers.IntegerField()
    updated_at = serializers.FloatField()
    source = serializers.CharField()  # type: ignore[assignment]
    effective_from = serializers.FloatField()
    withdrawn = serializers.BooleanField(help_text="From `effective_from` on the model has no price.")


class PricesResponse(Response):
    """Prices by provider and model; with `all` every one that was ever set, the last first."""

    prices = PriceResponse(many=True)


class PriceWithdrawnResponse(Response):
    """The model has no price from now on, or loses the scheduled one. Provider and model as they were sent."""

    status = serializers.CharField()
    provider = serializers.CharField()
    model = serializers.CharField()
