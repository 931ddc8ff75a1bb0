"""What must hold between runs and their holds; part of every check of the books."""

from collections.abc import Iterator

from django.db import connection

from billing.services.checks import Problem

RULE = "a run and its hold tell the same"
SQL = """
    SELECT r.id, CASE
        WHEN h.run_id IS NULL THEN format('%s to be held, and no hold', r.billing_hold_micro_usd)
        WHEN h.account_id <> r.payer_tenant_id THEN format('paid by %s, held on %s', r.payer_tenant_id, h.account_id)
        WHEN h.resolved_at IS NULL AND r.ended_at IS NOT NULL THEN 'ended, and its hold stands'
        ELSE format('run: hold %s, cost %s, %s; books: hold %s, cost %s, %s',
            r.billing_hold_micro_usd, r.billing_cost_micro_usd, r.billing_status,
            h.amount_micro_usd, h.cost_micro_usd, coalesce(nullif(h.resolution, ''), 'standing')) END
    FROM runner_run r LEFT JOIN billing_hold h ON h.run_id = r.id AND h.created_at >= r.created_at
    WHERE CASE
        WHEN h.run_id IS NULL THEN r.billing_hold_micro_usd > 0
        ELSE h.amount_micro_usd <> r.billing_hold_micro_usd
            OR h.account_id <> r.payer_tenant_id
            OR h.cost_micro_usd <> r.billing_cost_micro_usd
            OR (r.ended_at IS NOT NULL AND h.resolved_at IS NULL)
            OR (h.resolution = 'settled' AND r.ended_at IS NULL) END
    ORDER BY r.id
"""


def problems() -> Iterator[Problem]:
    """Runs whose billing columns and hold contradict each other. A hold that is older than
    the run is of an earlier run, of a tenant that is gone."""
    with connection.cursor() as cursor:
        cursor.execute(SQL)
        for run_id, detail in cursor.fetchall():
            yield Problem(RULE, run_id, detail)
