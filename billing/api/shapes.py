"""Wire shapes of this app."""

from collections.abc import Iterable
from typing import Any

from billing.models import Account, CreditCode, DailyFigure, Entry, Price, SpendToken
from billing.selectors import codes, statement
from billing.services.credit_codes import Redeemed
from hivemind.kit import clock
from hivemind.kit.conf import conf


def billing(account: Account, *, entries: Iterable[Entry], days: Iterable[DailyFigure]) -> dict[str, Any]:
    """An account with its newest entries and its days."""
    return {
        "tenant_id": account.pk,
        "balance_micro_usd": account.balance_micro_usd,
        "held_micro_usd": account.held_micro_usd,
        "spent_micro_usd": account.spent_micro_usd,
        "credited_micro_usd": account.credited_micro_usd,
        "enforce_credits": conf.billing.enforce_credits,
        "ledger": [statement.to_wire(entry) for entry in entries],
        "spending": [
            {
                "date": day.day_date.isoformat(),
                "spent_micro_usd": day.spent_micro_usd,
                "run_count": day.run_count,
            }
            for day in days
        ],
    }


def moved(entry: Entry) -> dict[str, Any]:
    """An entry just made, and the balance after it."""
    return {**statement.to_wire(entry), "balance_micro_usd": entry.balance_after_micro_usd}


def named_entry(entry: Entry) -> dict[str, Any]:
    """An entry among those of other accounts."""
    return {**statement.to_wire(entry), "name": entry.account.name}


def account(row: Account, *, in_good_standing: bool) -> dict[str, Any]:
    """One account's figures for the operator. What is held is what unfinished runs hold now."""
    return {
        "tenant_id": row.pk,
        "name": row.name,
        "created_at": clock.unix(row.opened_at),
        "closed_at": clock.unix(row.closed_at),
        "suspended": not in_good_standing,
        "balance_micro_usd": row.balance_micro_usd,
        "total_credit_micro_usd": row.credited_micro_usd,
        "total_spent_micro_usd": row.spent_micro_usd,
        "total_held_micro_usd": row.held_micro_usd,
        "total_debited_micro_usd": row.debited_micro_usd,
    }


def redeemed(done: Redeemed) -> dict[str, Any]:
    """One use of a code."""
    return {
        "code_id": done.redemption.code_id,
        "redemption_id": done.redemption.pk,
        "credit_micro_usd": done.credit_micro_usd,
        "balance_micro_usd": done.balance_micro_usd,
    }


def credit_code(code: CreditCode) -> dict[str, Any]:
    """A code without its text, which is not known."""
    return {
        "code_id": code.pk,
        "label": code.label,
        "credit_micro_usd": code.credit_micro_usd,
        "max_redemptions": code.max_redemptions,
        "redeemed_count": code.redeemed_count,
        "created_at": clock.unix(code.created_at),
        "expires_at": clock.unix(code.expires_at),
        "revoked_at": clock.unix(code.revoked_at),
    }


def listed_credit_code(code: CreditCode) -> dict[str, Any]:
    """A code and what can still be done with it."""
    now = clock.now()
    return {
        **credit_code(code),
        "remaining_redemptions": codes.remaining(code),
        "expired": codes.expired(code, at=now),
        "active": codes.active(code, at=now),
    }


def spend_token(token: SpendToken) -> dict[str, Any]:
    """A spend token without its text, which is not known."""
    return {
        "token_id": token.pk,
        "label": token.label,
        "limit_micro_usd": token.limit_micro_usd,
        "committed_micro_usd": token.committed_micro_usd,
        "room_id": token.room_id,
        "service": token.service,
        "expires_at": clock.unix(token.expires_at),
        "created_at": clock.unix(token.created_at),
        "revoked_at": clock.unix(token.revoked_at),
    }


def price(row: Price) -> dict[str, Any]:
    """A price, in force or not."""
    return {
        "provider": row.provider,
        "model": row.model,
        "prompt_microusd_per_mtok": row.prompt_micro_usd_per_mtok,
        "completion_microusd_per_mtok": row.completion_micro_usd_per_mtok,
        "updated_at": clock.unix(row.created_at),
        "source": row.source,
        "effective_from": clock.unix(row.effective_from),
        "withdrawn": row.withdrawn,
    }
