"""Which models runs have used, and what their tokens come to at some price. The newest runs only, in one query each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from billing.effects import Effect, Used
from billing.money import TokenPrice

MOST_RUNS = 50_000
MOST_MODELS = 100
# A stage's model and rates are those of the terms that its run was quoted for; its tokens are what it used. What went
# into simulations of the query stage counts at that stage's.
STAGES = """
    WITH newest AS (
        SELECT id, billing_provider, terms FROM runner_run
        WHERE created_at >= %(since)s AND billing_provider <> '' AND %(provider)s IN ('', billing_provider)
        ORDER BY created_at DESC LIMIT %(most_runs)s
    ), reported AS (
        SELECT stage.run_id, newest.billing_provider AS provider, newest.terms, stage.name,
            coalesce((stage.usage ->> 'prompt_tokens')::numeric, 0) AS prompt,
            coalesce((stage.usage ->> 'completion_tokens')::numeric, 0) AS completion,
            coalesce((stage.usage -> 'simulations' ->> 'prompt_tokens')::numeric, 0) AS rehearsed_prompt,
            coalesce((stage.usage -> 'simulations' ->> 'completion_tokens')::numeric, 0) AS rehearsed_completion
        FROM newest JOIN runner_stage stage ON stage.run_id = newest.id
    ), asked AS (
        SELECT run_id, provider, terms -> name AS agreed, prompt - rehearsed_prompt AS prompt,
            completion - rehearsed_completion AS completion
        FROM reported
        UNION ALL
        SELECT run_id, provider, terms -> 'query', rehearsed_prompt, rehearsed_completion FROM reported
    ), used AS (
        SELECT run_id, provider, agreed ->> 'model' AS model, prompt, completion,
            coalesce((agreed ->> 'prompt_micro_usd_per_mtok')::numeric, 0) AS prompt_rate,
            coalesce((agreed ->> 'completion_micro_usd_per_mtok')::numeric, 0) AS completion_rate
        FROM asked
    )
"""
EFFECT = """
    SELECT count(DISTINCT run_id), coalesce(sum(prompt), 0), coalesce(sum(completion), 0),
        coalesce(sum(ceil((prompt * prompt_rate + completion * completion_rate) / 1000000)), 0),
        coalesce(sum(ceil((prompt * %(prompt_rate)s + completion * %(completion_rate)s) / 1000000)), 0),
        (SELECT count(*) FROM newest)
    FROM used WHERE model = %(model)s AND prompt + completion > 0
"""
MODELS = """
    SELECT provider, model, count(DISTINCT run_id) FROM used
    WHERE model <> '' AND prompt + completion > 0
    GROUP BY provider, model ORDER BY 3 DESC, provider, model LIMIT %(most_models)s
"""


def effect_of(provider: str, model: str, price: TokenPrice, since: datetime) -> Effect:
    """What the stages that used this model since a moment were quoted, and what they would come to at `price`."""
    asked = {
        "model": model,
        "prompt_rate": price.prompt_micro_usd,
        "completion_rate": price.completion_micro_usd,
    }
    [(runs, prompt, completion, charged, would, looked_at)] = _rows(EFFECT, since, provider=provider, **asked)
    return Effect(
        run_count=runs,
        prompt_tokens=int(prompt),
        completion_tokens=int(completion),
        charged_micro_usd=int(charged),
        would_micro_usd=int(would),
        capped=looked_at >= MOST_RUNS,
    )


def used_since(since: datetime) -> Sequence[Used]:
    """The models that runs have used since a moment, the most used first."""
    return [Used(*row) for row in _rows(MODELS, since, provider="", most_models=MOST_MODELS)]


def _rows(query: str, since: datetime, **asked: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(STAGES + query, {"since": since, "most_runs": MOST_RUNS, **asked})
        return list(cursor.fetchall())
