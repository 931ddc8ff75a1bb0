"""A hundred thousand rows of everything in the books: every list, question and search stays quick and asks little.

Rows are made by the database itself with its triggers asleep, because here only their number matters.
"""

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.admin.accounts import AccountAdmin
from billing.admin.codes import CreditCodeAdmin
from billing.admin.entries import EntryAdmin
from billing.admin.holds import HoldAdmin
from billing.admin.prices import PriceAdmin
from billing.admin.redemptions import RedemptionAdmin
from billing.admin.spend_tokens import SpendTokenAdmin
from hivemind.kit.admin import remembered

MANY = 100_000
MOST_QUERIES = 20
# What the database may take for a page, the best of some tries; the machine of the tests is shared.
MOST_SECONDS = 0.3
TRIES = 4
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
ADMINS = {
    "account": AccountAdmin,
    "entry": EntryAdmin,
    "hold": HoldAdmin,
    "creditcode": CreditCodeAdmin,
    "redemption": RedemptionAdmin,
    "spendtoken": SpendTokenAdmin,
    "price": PriceAdmin,
}
SEARCHES = {
    "account": ["t_0000000000", "tenant 77777", "nothing"],
    "entry": ["ble_00000000000000000000abcd", "t_000000000007", "t_00000000000b", "00000000abcd", "nothing"],
    "hold": ["00000000abcd", "t_00000000abcd", "nothing"],
    "creditcode": ["cc_000000000000abcd", "fair 77777", "nothing"],
    "redemption": ["ccr_00000000000000000000abcd", "cc_000000000000abcd", "t_00000000abcd", "nothing"],
    "spendtoken": ["00000000abcd", "t_00000000abcd", "nothing"],
    "price": ["model 77", "p", "nothing"],
}


def asked_of(model: str) -> Iterator[dict[str, str]]:
    """Everything that can be asked of a list: nothing, a late page, each answer, each search."""
    yield {}
    yield {"p": "90"}
    for question in ADMINS[model].list_filter:
        yield from ({question.parameter_name: answer.word} for answer in question.answers)
    yield from ({"q": term} for term in SEARCHES[model])


@pytest.fixture
def many(db: None) -> None:
    """A hundred thousand rows in every table."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE billing_{table} DISABLE TRIGGER USER")
        cursor.execute(ROWS)
        cursor.execute("ANALYZE")


def took(client: Client, address: str, asked: dict[str, str], *, forget: bool = True) -> tuple[float, int]:
    """The seconds that the database took at best, and the number of queries."""
    best, count = 99.0, 0
    for _ in range(TRIES):
        if forget:
            remembered.forget_all()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, asked)
        assert answer.status_code == 200, (address, asked)
        best, count = min(best, sum(float(query["time"]) for query in queries)), len(queries)
        if best < MOST_SECONDS / 3:
            break
    return best, count


@pytest.mark.timeout(600)
def test_a_hundred_thousand_rows_are_listed_asked_and_searched_quickly(olga: Client, many: None) -> None:
    slow: dict[str, object] = {}
    started = time.monotonic()
    for model in ADMINS:
        address = reverse(f"admin:billing_{model}_changelist")
        for asked in asked_of(model):
            seconds, count = took(olga, address, asked)
            if seconds > MOST_SECONDS or count > MOST_QUERIES:
                slow[f"{model} {asked}"] = (round(seconds, 3), count)
    busy = "/admin/billing/account/t_000000000007"
    for page in ("change/", "statement/", "statement/?kind=grant", "statement/?kind=debit", "statement/?before=50"):
        seconds, count = took(olga, f"{busy}/{page}", {})
        if seconds > MOST_SECONDS or count > MOST_QUERIES:
            slow[page] = (round(seconds, 3), count)
    assert slow == {}, f"after {time.monotonic() - started:.0f} s"


@pytest.mark.timeout(600)
def test_home_is_quick_over_a_hundred_thousand_rows(olga: Client, many: None) -> None:
    cold = took(olga, "/admin/", {})
    warm = took(olga, "/admin/", {}, forget=False)
    assert cold[0] < 3 * MOST_SECONDS and warm[0] < MOST_SECONDS and warm[1] <= MOST_QUERIES, (cold, warm)
