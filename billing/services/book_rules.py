"""What must hold of the books, as SQL: each rule selects whatever breaks it, as a subject and what is wrong with it.

The triggers and constraints of the tables let none of this happen; the rules look again, without trusting them, because
whoever owns the tables can switch triggers off.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One rule. `sql` takes no parameters and selects (subject, detail) of everything that breaks it."""

    name: str
    sql: str


FIGURES = Rule(
    "kept figures are the sums of the entries",
    """
    WITH sums AS (
        SELECT account_id, count(*) AS entries, sum(amount_micro_usd) AS balance,
            coalesce(-sum(amount_micro_usd) FILTER (WHERE kind IN ('hold', 'release')), 0) AS held,
            coalesce(-sum(amount_micro_usd) FILTER (WHERE kind = 'charge'), 0) AS spent,
            coalesce(sum(amount_micro_usd) FILTER (WHERE kind IN ('grant', 'refund')), 0) AS credited,
            coalesce(-sum(amount_micro_usd) FILTER (WHERE kind IN ('debit', 'expiry')), 0) AS debited
        FROM billing_entry GROUP BY account_id
    )
    SELECT coalesce(a.tenant_id, s.account_id), format(
        'entries, balance, held, spent, credited, debited: kept %s, summed %s',
        (a.entry_count, a.balance_micro_usd, a.held_micro_usd, a.spent_micro_usd, a.credited_micro_usd,
         a.debited_micro_usd),
        (s.entries, s.balance, s.held, s.spent, s.credited, s.debited))
    FROM billing_account a FULL JOIN sums s ON s.account_id = a.tenant_id
    WHERE (a.entry_count, a.balance_micro_usd, a.held_micro_usd, a.spent_micro_usd, a.credited_micro_usd,
           a.debited_micro_usd)
        IS DISTINCT FROM (coalesce(s.entries, 0), coalesce(s.balance, 0), coalesce(s.held, 0), coalesce(s.spent, 0),
           coalesce(s.credited, 0), coalesce(s.debited, 0))
    """,
)
CHAIN = Rule(
    "entries follow one another without gaps, each on the balance that the one before left",
    """
    SELECT entry_id, format('position %s after %s, balance %s after %s moved by %s',
        position, previous, balance_after_micro_usd, before, amount_micro_usd)
    FROM (
        SELECT entry_id, position, amount_micro_usd, balance_after_micro_usd,
            lag(position, 1, 0::bigint) OVER in_order AS previous,
            lag(balance_after_micro_usd, 1, 0::bigint) OVER in_order AS before
        FROM billing_entry WINDOW in_order AS (PARTITION BY account_id ORDER BY position)
    ) AS chained
    WHERE position <> previous + 1 OR balance_after_micro_usd <> before + amount_micro_usd
    """,
)
SIGNS = Rule(
    "credit is positive, everything else is negative",
    """
    SELECT entry_id, format('%s of %s', kind, amount_micro_usd) FROM billing_entry
    WHERE (amount_micro_usd > 0) <> (kind IN ('grant', 'refund', 'release')) OR amount_micro_usd = 0
    """,
)
OVERDRAWN = Rule(
    "what may not overdraw has not overdrawn",
    """
    SELECT entry_id, format('%s left a balance of %s', kind, balance_after_micro_usd) FROM billing_entry
    WHERE kind IN ('hold', 'debit', 'expiry') AND NOT may_overdraw AND balance_after_micro_usd < 0
    """,
)
HOLDS = Rule(
    "a hold has its entry and a resolved one its release and its charge",
    """
    WITH moved AS (
        SELECT run_id, account_id,
            count(*) FILTER (WHERE kind = 'hold') AS holds,
            -sum(amount_micro_usd) FILTER (WHERE kind = 'hold') AS held,
            sum(amount_micro_usd) FILTER (WHERE kind = 'release') AS released,
            coalesce(-sum(amount_micro_usd) FILTER (WHERE kind = 'charge'), 0) AS charged,
            min(position) FILTER (WHERE kind = 'charge') AS charged_at,
            max(position) FILTER (WHERE kind = 'release') AS released_at
        FROM billing_entry WHERE kind IN ('hold', 'release', 'charge') GROUP BY run_id, account_id
    )
    SELECT coalesce(h.run_id, m.run_id), CASE
        WHEN h.run_id IS NULL THEN 'entries without a hold'
        WHEN m.run_id IS NULL THEN 'a hold without entries'
        ELSE format('hold of %s, %s, cost %s; entries: held %s, released %s, charged %s', h.amount_micro_usd,
            coalesce(nullif(h.resolution, ''), 'standing'), h.cost_micro_usd, m.held, m.released, m.charged) END
    FROM billing_hold h FULL JOIN moved m ON m.run_id = h.run_id AND m.account_id = h.account_id
    WHERE h.run_id IS NULL OR m.run_id IS NULL
        OR m.holds <> 1 OR m.held IS DISTINCT FROM h.amount_micro_usd
        OR m.released IS DISTINCT FROM CASE WHEN h.resolved_at IS NOT NULL THEN h.amount_micro_usd END
        OR m.charged <> h.cost_micro_usd OR h.cost_micro_usd > h.amount_micro_usd
        OR m.charged_at < m.released_at
    """,
)
HELD = Rule(
    "what an account has on hold is the sum of its standing holds",
    """
    SELECT a.tenant_id, format('kept %s, standing %s', a.held_micro_usd, coalesce(s.held, 0))
    FROM billing_account a LEFT JOIN (
        SELECT account_id, sum(amount_micro_usd) AS held FROM billing_hold WHERE resolved_at IS NULL GROUP BY account_id
    ) AS s ON s.account_id = a.tenant_id
    WHERE a.held_micro_usd <> coalesce(s.held, 0)
    """,
)
OVERDUE = Rule(
    "no hold stands long after its time",
    """
    SELECT run_id, format('expired at %s', expires_at) FROM billing_hold
    WHERE resolved_at IS NULL AND expires_at < now() - interval '1 hour'
    """,
)
REFUNDS = Rule(
    "no more was refunded than was charged",
    """
    SELECT a.tenant_id, format('charged %s, refunded %s', a.spent_micro_usd, r.refunded)
    FROM billing_account a JOIN (
        SELECT account_id, sum(amount_micro_usd) AS refunded
        FROM billing_entry WHERE kind = 'refund' GROUP BY account_id
    ) AS r ON r.account_id = a.tenant_id
    WHERE r.refunded > a.spent_micro_usd
    UNION ALL
    SELECT r.run_id, format('charged %s, refunded %s', coalesce(-c.amount_micro_usd, 0), r.refunded)
    FROM (
        SELECT account_id, run_id, sum(amount_micro_usd) AS refunded FROM billing_entry
        WHERE kind = 'refund' AND run_id <> '' GROUP BY account_id, run_id
    ) AS r LEFT JOIN billing_entry c ON c.run_id = r.run_id AND c.account_id = r.account_id AND c.kind = 'charge'
    WHERE r.refunded > coalesce(-c.amount_micro_usd, 0)
    """,
)
LOTS = Rule(
    "a lot is within its grant, and lots within what the account has",
    """
    SELECT e.entry_id, format('%s of %s left of a %s of %s', l.remaining_micro_usd, l.amount_micro_usd, e.kind,
        e.amount_micro_usd)
    FROM billing_creditlot l JOIN billing_entry e ON e.id = l.entry_id
    WHERE e.kind <> 'grant' OR e.account_id <> l.account_id OR e.amount_micro_usd <> l.amount_micro_usd
        OR l.remaining_micro_usd NOT BETWEEN 0 AND l.amount_micro_usd
    UNION ALL
    SELECT a.tenant_id, format('lots hold %s of %s', l.remaining, a.balance_micro_usd + a.held_micro_usd)
    FROM billing_account a JOIN (
        SELECT account_id, sum(remaining_micro_usd) AS remaining FROM billing_creditlot GROUP BY account_id
    ) AS l ON l.account_id = a.tenant_id
    WHERE l.remaining > greatest(0, a.balance_micro_usd + a.held_micro_usd)
    """,
)
TOKENS = Rule(
    "a spend token has committed what its runs hold and have cost, within its limit and its account",
    """
    SELECT t.token_id, format('committed %s of %s, runs come to %s', t.committed_micro_usd, t.limit_micro_usd,
        coalesce(h.committed, 0))
    FROM billing_spendtoken t LEFT JOIN (
        SELECT token_id,
            sum(CASE WHEN resolved_at IS NULL THEN amount_micro_usd ELSE cost_micro_usd END) AS committed
        FROM billing_hold WHERE token_id IS NOT NULL GROUP BY token_id
    ) AS h ON h.token_id = t.token_id
    WHERE t.committed_micro_usd <> coalesce(h.committed, 0) OR t.committed_micro_usd > t.limit_micro_usd
    UNION ALL
    SELECT h.run_id, format('account %s, paid by a token of %s', h.account_id, t.account_id)
    FROM billing_hold h JOIN billing_spendtoken t ON t.token_id = h.token_id
    WHERE h.account_id <> t.account_id
    """,
)
CODES = Rule(
    "a credit code was redeemed as often as it counts, and each time for what it is worth",
    """
    SELECT c.code_id, format('counts %s of %s, redeemed %s times', c.redeemed_count, c.max_redemptions,
        coalesce(r.times, 0))
    FROM billing_creditcode c LEFT JOIN (
        SELECT code_id, count(*) AS times FROM billing_redemption GROUP BY code_id
    ) AS r ON r.code_id = c.code_id
    WHERE c.redeemed_count <> coalesce(r.times, 0) OR c.redeemed_count > c.max_redemptions
    UNION ALL
    SELECT r.redemption_id, format('worth %s, granted %s', c.credit_micro_usd, coalesce(e.amount_micro_usd, 0))
    FROM billing_redemption r JOIN billing_creditcode c ON c.code_id = r.code_id
        LEFT JOIN billing_entry e
            ON e.id = r.entry_id AND e.kind = 'grant' AND e.account_id = r.account_id
    WHERE c.credit_micro_usd <> coalesce(e.amount_micro_usd, 0) OR (r.entry_id IS NOT NULL AND e.id IS NULL)
    """,
)
DAYS = Rule(
    "the figures of a day are the sums of its entries",
    """
    WITH sums AS (
        SELECT account_id, (created_at AT TIME ZONE 'UTC')::date AS day_date,
            coalesce(sum(amount_micro_usd) FILTER (WHERE kind IN ('grant', 'refund')), 0) AS credited,
            coalesce(-sum(amount_micro_usd) FILTER (WHERE kind IN ('debit', 'expiry')), 0) AS debited,
            coalesce(-sum(amount_micro_usd) FILTER (WHERE kind = 'charge'), 0) AS spent,
            count(*) FILTER (WHERE kind = 'charge') AS runs
        FROM billing_entry WHERE kind NOT IN ('hold', 'release') GROUP BY 1, 2
    )
    SELECT coalesce(d.account_id, s.account_id) || ' ' || coalesce(d.day_date, s.day_date),
        format('credited, debited, spent, runs: kept %s, summed %s',
            (d.credited_micro_usd, d.debited_micro_usd, d.spent_micro_usd, d.run_count),
            (s.credited, s.debited, s.spent, s.runs))
    FROM billing_dailyfigure d FULL JOIN sums s ON s.account_id = d.account_id AND s.day_date = d.day_date
    WHERE (d.credited_micro_usd, d.debited_micro_usd, d.spent_micro_usd, d.run_count)
        IS DISTINCT FROM (s.credited, s.debited, s.spent, s.runs)
    """,
)

TABLES = ("account", "creditcode", "creditlot", "dailyfigure", "entry", "hold", "price", "redemption", "spendtoken")
TRIGGERS = (
    "account_agrees_with_entries",
    "account_is_kept",
    "account_moves_by_entries",
    "code_is_kept",
    "code_is_worth_what_it_was",
    "daily_figure_is_kept",
    "daily_figure_moves_by_entries",
    "entry_is_immutable",
    "entry_moves_its_account",
    "hold_agrees_with_entries",
    "hold_is_kept",
    "hold_is_resolved_once",
    "hold_spends_its_token",
    "lot_is_kept",
    "lot_is_of_a_grant",
    "lot_only_shrinks",
    "price_is_cancelled_in_time",
    "price_is_immutable",
    "redemption_is_immutable",
    "redemption_uses_its_code",
    "spend_token_is_kept",
    "spend_token_keeps_its_limits",
    "usage_entry_agrees_with_hold",
    *(f"{table}_is_not_emptied" for table in TABLES),
)
GUARDS = Rule(
    "every trigger that guards the books is there and switched on",
    f"""
    SELECT guard, CASE WHEN t.tgname IS NULL THEN 'missing' ELSE 'switched off' END
    FROM unnest(ARRAY[{", ".join(f"'{name}'" for name in TRIGGERS)}]) AS guard
        LEFT JOIN pg_trigger t ON t.tgname = guard
            AND t.tgrelid = ANY (ARRAY[{", ".join(f"to_regclass('billing_{name}')" for name in TABLES)}])
    WHERE t.tgname IS NULL OR t.tgenabled NOT IN ('O', 'A')
    """,  # noqa: S608 - names written above
)

ALL = (FIGURES, CHAIN, SIGNS, OVERDRAWN, HOLDS, HELD, OVERDUE, REFUNDS, LOTS, TOKENS, CODES, DAYS, GUARDS)
