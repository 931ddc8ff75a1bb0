"""Quotes on the wire."""

from typing import Any

from billing.models import Account
from billing.payers import Payer
from hivemind.kit import clock
from hivemind.kit.conf import conf
from runner.services.quotes import Quote, StageQuote


def quote(row: Quote, *, payer: Payer | None, account: Account | None) -> dict[str, Any]:
    """The answer to a request for a quote. A spend token is not told its owner's balance."""
    covered = account is not None and account.balance_micro_usd >= row.max_cost_micro_usd
    return {
        "room_id": row.room_id,
        "provider": row.provider,
        "max_tokens": row.max_tokens,
        "max_cost_micro_usd": row.max_cost_micro_usd,
        "stages": [_stage(stage) for stage in row.stages],
        "missing_prices": list(row.missing),
        "enforce_credits": conf.billing.enforce_credits,
        "payer": _payer(payer, account) if payer and account else None,
        "sufficient": covered if account is not None else None,
        "priced_at": clock.unix(row.priced_at),
    }


def _stage(stage: StageQuote) -> dict[str, Any]:
    return {
        "name": stage.name,
        "model": stage.model,
        "max_tokens": stage.max_tokens,
        "prompt_micro_usd_per_mtok": stage.price.prompt_micro_usd if stage.price else None,
        "completion_micro_usd_per_mtok": stage.price.completion_micro_usd if stage.price else None,
        "max_cost_micro_usd": stage.max_cost_micro_usd,
    }


def _payer(payer: Payer, account: Account) -> dict[str, Any]:
    return {
        "tenant_id": payer.tenant_id,
        "balance_micro_usd": None if payer.spend_token_id else account.balance_micro_usd,
    }
