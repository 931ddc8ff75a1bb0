"""Query strings. Page sizes outside their range are clamped; cursors come from X-Next-Cursor of the page before."""

from rest_framework import serializers

from billing.api.fields import Moment, Text, WholeNumber
from hivemind.kit.api.serializers import StrictSerializer

_BY_NUMBER = r"^[0-9]{1,18}$"
_BY_MOMENT = r"^[0-9]{1,16}\.[A-Za-z0-9_-]{1,64}$"


def _limit(default: int, highest: int) -> WholeNumber:
    return WholeNumber(required=False, help_text=f"1 to {highest}, {default} unless given; values outside are clamped.")


def _cursor(pattern: str) -> serializers.RegexField:
    return serializers.RegexField(pattern, required=False, help_text="From X-Next-Cursor of the page before.")


class StatementQuery(StrictSerializer):
    """Query string of one account's statement."""

    limit = _limit(25, 500)
    cursor = _cursor(_BY_NUMBER)


class LedgerQuery(StrictSerializer):
    """Query string of the ledger of all accounts."""

    tenant_id = Text(required=False, allow_blank=True, max_length=64, help_text="One account's entries only.")
    limit = _limit(100, 1000)
    cursor = _cursor(_BY_NUMBER)


class AccountsQuery(StrictSerializer):
    """Query string of the list of accounts."""

    include_closed = serializers.BooleanField(default=False, help_text="Also accounts whose tenant is gone.")
    limit = _limit(1000, 1000)
    cursor = _cursor(_BY_MOMENT)


class PricesQuery(StrictSerializer):
    """Query string of the prices."""

    all = serializers.BooleanField(
        default=False, help_text="Also past, future and withdrawn ones, the last set first, in pages."
    )
    limit = _limit(1000, 1000)
    cursor = _cursor(_BY_NUMBER)


class PriceQuery(StrictSerializer):
    """Query string of one model's prices."""

    effective_from = Moment(
        required=False,
        help_text="Cancel the scheduled price that begins then, instead of the one in force.",
    )


class CreditCodesQuery(StrictSerializer):
    """Query string of the list of credit codes."""

    include_revoked = serializers.BooleanField(default=False)
    limit = _limit(100, 500)
    cursor = _cursor(_BY_MOMENT)


class SpendTokensQuery(StrictSerializer):
    """Query string of the list of spend tokens."""

    limit = _limit(100, 500)
    cursor = _cursor(_BY_MOMENT)
