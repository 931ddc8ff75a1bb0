"""A hundred thousand rows of everything in the books: no list, question or search reads more than it should.

The work is counted in blocks of the database, which are the same on every machine; `bench/admin_pages.py` has seconds.
"""

import json
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
from tests.factories import many_rows

MOST_QUERIES = 20
# Blocks of 8 kB, each as often as it is looked at: about 100,000 a second and core. A join that starts anew for every
# row of a table looks at 300,000 and more.
MOST_BLOCKS = 60_000
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
    many_rows.fill()


def work(client: Client, address: str, asked: dict[str, str]) -> tuple[int, int]:
    """The blocks that the database read for a page, and the number of queries."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address, asked)
    assert answer.status_code == 200, (address, asked)
    reads = [query["sql"] for query in queries if query["sql"].lstrip("( ").startswith(("SELECT", "WITH"))]
    return sum(_blocks(sql) for sql in reads), len(queries)


def _blocks(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}")
        [(plan,)] = cursor.fetchall()
    top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


@pytest.mark.timeout(600)
def test_a_hundred_thousand_rows_are_listed_asked_and_searched_with_little_work(olga: Client, many: None) -> None:
    too_much: dict[str, object] = {}
    for model in ADMINS:
        address = reverse(f"admin:billing_{model}_changelist")
        for asked in asked_of(model):
            remembered.forget_all()
            blocks, count = work(olga, address, asked)
            if blocks > MOST_BLOCKS or count > MOST_QUERIES:
                too_much[f"{model} {asked}"] = (blocks, count)
    busy = "/admin/billing/account/t_000000000007"
    for page in ("change/", "statement/", "statement/?kind=grant", "statement/?kind=debit", "statement/?before=50"):
        blocks, count = work(olga, f"{busy}/{page}", {})
        if blocks > MOST_BLOCKS or count > MOST_QUERIES:
            too_much[page] = (blocks, count)
    assert too_much == {}


@pytest.mark.timeout(600)
def test_home_reads_little_and_less_when_it_remembers(olga: Client, many: None) -> None:
    remembered.forget_all()
    cold, _ = work(olga, "/admin/", {})
    warm, count = work(olga, "/admin/", {})
    assert cold <= MOST_BLOCKS
    assert warm <= cold // 10
    assert count <= MOST_QUERIES
