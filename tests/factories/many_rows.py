"""A hundred thousand rows of everything in the books, for what must stay quick over many.

Rows are made by the database itself with its triggers asleep, because only their number matters.
"""

from django.db import connection

MANY = 100_000
TABLES = ("account", "entry", "hold", "creditcode", "redemption", "spendtoken", "dailyfigure", "price")
ROWS = f"""
INSERT INTO billing_account (tenant_id, name, opened_at, balance_micro_usd, held_micro_usd, spent_micro_usd,
        credited_micro_usd, debited_micro_usd, entry_count)
    SELECT 't_' || lpad(to_hex(n), 12, '0'), 'tenant ' || n, now() - n * interval '1 minute', n - 100, 0, 100, n, 0, 1
    FROM generate_series(1, {MANY}) n;
INSERT INTO billing_entry (entry_id, account_id, position, kind, amount_micro_usd, balance_after_micro_usd, run_id,
        actor, note, details, may_overdraw, created_at)
    SELECT 'ble_' || lpad(to_hex(n), 24, '0'), 't_' || lpad(to_hex(CASE WHEN n % 2 = 0 THEN 7 ELSE n END), 12, '0'),
        CASE WHEN n % 2 = 0 THEN n + 1 ELSE 1 END,
        CASE WHEN n % 50000 = 0 THEN 'debit' WHEN n % 1000 = 1 THEN 'grant' ELSE 'charge' END,
        CASE WHEN n % 1000 = 1 THEN 1 ELSE -1 END, 1,
        lpad(to_hex(n), 12, '0'), 'system:runs', '', '{{}}', false, now() - ({MANY} - n) * interval '1 minute'
    FROM generate_series(1, {MANY}) n;
UPDATE billing_account SET entry_count = {MANY + 1} WHERE tenant_id = 't_000000000007';
INSERT INTO billing_hold (run_id, account_id, amount_micro_usd, created_at, expires_at, resolved_at, resolution,
        cost_micro_usd)
    SELECT lpad(to_hex(n), 12, '0'), 't_' || lpad(to_hex(n), 12, '0'), 1, now() - n * interval '1 minute', now(),
        CASE WHEN n % 5000 = 0 THEN NULL ELSE now() END, CASE WHEN n % 5000 = 0 THEN '' ELSE 'settled' END, 0
    FROM generate_series(1, {MANY}) n;
INSERT INTO billing_creditcode (code_id, code_hash, label, credit_micro_usd, max_redemptions, redeemed_count,
        created_at, created_by, expires_at, revoked_at)
    SELECT 'cc_' || lpad(to_hex(n), 16, '0'), lpad(to_hex(n), 64, '0'), 'fair ' || n, 5, 1, n % 2,
        now() - n * interval '1 minute', 'operator:olga', now() + (n % 90 - 45) * interval '1 day',
        CASE WHEN n % 700 = 0 THEN now() END
    FROM generate_series(1, {MANY}) n;
INSERT INTO billing_redemption (redemption_id, code_id, account_id, entry_id, created_at)
    SELECT 'ccr_' || lpad(to_hex(n), 24, '0'), 'cc_' || lpad(to_hex(n), 16, '0'), 't_' || lpad(to_hex(n), 12, '0'),
        NULL, now() - n * interval '1 minute'
    FROM generate_series(1, {MANY}) n;
INSERT INTO billing_spendtoken (token_id, token_hash, account_id, label, limit_micro_usd, committed_micro_usd, room_id,
        service, minted_by, created_at, expires_at, revoked_at)
    SELECT lpad(to_hex(n), 12, '0'), lpad(to_hex(n), 64, '0'), 't_' || lpad(to_hex(n), 12, '0'), '', 5, n % 6, '', '',
        '', now() - n * interval '1 minute', now() + (n % 9 - 8) * interval '1 hour', NULL
    FROM generate_series(1, {MANY}) n;
INSERT INTO billing_dailyfigure (account_id, day_date, credited_micro_usd, debited_micro_usd, spent_micro_usd,
        run_count)
    SELECT 't_' || lpad(to_hex(n), 12, '0'), current_date - n % 30, 1, 0, 100, 1 FROM generate_series(1, {MANY}) n;
INSERT INTO billing_price (provider, model, prompt_micro_usd_per_mtok, completion_micro_usd_per_mtok, effective_from,
        withdrawn, source, created_at, created_by)
    SELECT 'p', 'model ' || n / 20, 1, 1, now() - (n % 20) * interval '1 day', false, 'admin', now(), 'operator:olga'
    FROM generate_series(1, {MANY}) n;
"""


def fill() -> None:
    """Make the rows, in a database that nobody uses afterwards: the triggers stay asleep with the transaction."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE billing_{table} DISABLE TRIGGER USER")
        cursor.execute(ROWS)
        cursor.execute("ANALYZE")
