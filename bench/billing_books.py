"""Books to measure with: accounts, codes, and a ledger of any length; `bench/billing.py` starts it in a process.

    python bench/billing_books.py accounts NUMBER | codes NUMBER USES | fill TENANT ENTRIES | check

Prints JSON. `fill` writes past the triggers, which would take hours one by one, and then sets the figures that they
would have kept; `check` proves that they are right.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from billing.services import book_rules, bookkeeping, checks, credit_codes, ledger  # noqa: E402
from billing.services.credit_codes import NewCode  # noqa: E402
from billing.services.ledger import Grant  # noqa: E402
from hivemind.kit import ids  # noqa: E402
from hivemind.kit.audit import Actor  # noqa: E402

BENCH = Actor.system("bench")
PLENTY = 10**14

RUNS = """
    CREATE TEMPORARY TABLE filled ON COMMIT DROP AS
    SELECT lpad(to_hex(n), 10, '0') || right(%(tenant)s, 8) AS run_id, n,
        now() - make_interval(secs => %(runs)s - n) AS at, 2000000 AS held, 1000 + n %% 5000 AS cost,
        sum(1000 + n %% 5000) OVER (ORDER BY n) AS spent
    FROM generate_series(1, %(runs)s) AS n
"""
HOLDS = """
    INSERT INTO billing_hold (run_id, account_id, amount_micro_usd, created_at, expires_at, resolved_at, resolution,
        cost_micro_usd)
    SELECT run_id, %(tenant)s, held, at, at + interval '1 hour', at + interval '1 second', 'settled', cost FROM filled
"""
ENTRIES = """
    INSERT INTO billing_entry (entry_id, account_id, position, kind, amount_micro_usd, balance_after_micro_usd, run_id,
        actor, note, details, may_overdraw, created_at)
    SELECT 'ble_' || md5(run_id || part.kind)::char(24), %(tenant)s, %(count)s + 3 * (n - 1) + part.place, part.kind,
        part.amount, %(balance)s - spent + part.after, run_id, 'system:bench', '',
        '{"billable_role": "query", "usage": {"query": {"prompt_tokens": 1000, "completion_tokens": 2000}}}',
        FALSE, at
    FROM filled, LATERAL (VALUES (1, 'hold', -held, cost - held), (2, 'release', held, cost), (3, 'charge', -cost, 0))
        AS part (place, kind, amount, after)
    ORDER BY n, part.place
"""
ACCOUNT = """
    UPDATE billing_account SET entry_count = entry_count + 3 * %(runs)s,
        balance_micro_usd = balance_micro_usd - (SELECT max(spent) FROM filled),
        spent_micro_usd = spent_micro_usd + (SELECT max(spent) FROM filled)
    WHERE tenant_id = %(tenant)s
"""
DAYS = """
    INSERT INTO billing_dailyfigure AS day (account_id, day_date, credited_micro_usd, debited_micro_usd,
        spent_micro_usd, run_count)
    SELECT %(tenant)s, (at AT TIME ZONE 'UTC')::date, 0, 0, sum(cost), count(*) FROM filled GROUP BY 2
    ON CONFLICT (account_id, day_date) DO UPDATE SET
        spent_micro_usd = day.spent_micro_usd + excluded.spent_micro_usd,
        run_count = day.run_count + excluded.run_count
"""


def main() -> None:
    """Do what the first word says and print what came of it."""
    words = sys.argv[2:]
    deeds = {"accounts": accounts, "codes": codes, "fill": fill, "check": check}
    print(json.dumps(deeds[sys.argv[1]](*words)))


def accounts(number: str) -> list[str]:
    """Open accounts with plenty of credit; their ids."""
    made = [ids.tenant_id() for _ in range(int(number))]
    for tenant_id in made:
        bookkeeping.open_account(tenant_id, name="bench", actor=BENCH)
        ledger.grant(tenant_id, Grant(PLENTY), actor=BENCH)
    return made


def codes(number: str, uses: str) -> list[str]:
    """Mint codes; their texts."""
    return [credit_codes.mint(NewCode(1, int(uses)), actor=BENCH).text for _ in range(int(number))]


def fill(tenant_id: str, entries: str) -> int:
    """Add the entries of that many thirds of runs to an account; how many it has then."""
    bookkeeping.open_account(tenant_id, name="bench", actor=BENCH)
    account = ledger.grant(tenant_id, Grant(PLENTY), actor=BENCH).account
    values = {"tenant": tenant_id, "runs": int(entries) // 3}
    with transaction.atomic(), connection.cursor() as cursor:
        account = ledger.locked(tenant_id)
        values |= {"count": account.entry_count, "balance": account.balance_micro_usd}
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in book_rules.TABLES:
            cursor.execute(f"ALTER TABLE billing_{table} DISABLE TRIGGER USER")
        for statement in (RUNS, HOLDS, ENTRIES, ACCOUNT, DAYS):
            cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in book_rules.TABLES:
            cursor.execute(f"ALTER TABLE billing_{table} ENABLE TRIGGER USER")
        account.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_entry, billing_hold, billing_account")
    return account.entry_count


def check() -> dict[str, float | int | list[str]]:
    """Prove the books."""
    report = checks.examine()
    return {
        "entries": report.totals.entry_count,
        "problems": [f"{found.rule}: {found.subject}: {found.detail}" for found in report.problems],
        "seconds": report.took_seconds,
    }


if __name__ == "__main__":
    main()
