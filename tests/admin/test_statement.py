"""An account's statement on screen and as a file: whole, in order, by month and kind, and nothing that calculates."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.utils import quote
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from billing.enums import EntryKind
from billing.models import Account, Entry
from billing.selectors import periods
from billing.selectors.periods import Period
from hivemind.kit import clock, ids
from hivemind.kit.admin import spreadsheets
from tests.admin import books
from tests.admin.books import DOLLAR
from tests.factories import tenants
from tests.factories.tenants import Person

LAST_MONTH = datetime(2026, 10, 5, 12, tzinfo=UTC)


def address(person: Person) -> str:
    return reverse("admin:billing_account_statement", args=[quote(person.tenant.pk)])


def page(client: Client, person: Person, **asked: str) -> str:
    answer = client.get(address(person), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def file(client: Client, person: Person, **asked: str) -> list[dict[str, str]]:
    answer = client.get(address(person), {**asked, "as": "csv"})
    assert answer["Content-Type"].startswith("text/csv") and "no-store" in answer["Cache-Control"]
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def moved(alice: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A grant in October, the other movements now."""
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: LAST_MONTH)
        books.grant(alice.tenant.pk, 20, note="in October")
    books.spend(alice.tenant.pk, 2.5)
    books.grant(alice.tenant.pk, 1, note="now")
    return alice


def test_the_file_holds_every_movement_in_order_and_adds_up(olga: Client, moved: Person) -> None:
    rows = file(olga, moved)
    assert [row["kind"] for row in rows] == ["grant", "hold", "release", "charge", "grant"]
    assert [row["number"] for row in rows] == ["1", "2", "3", "4", "5"]
    total = 0
    for row in rows:
        total += round(float(row["amount_usd"]) * DOLLAR)
        assert round(float(row["balance_after_usd"]) * DOLLAR) == total
    assert total == books.balance(moved.tenant.pk) == round(18.5 * DOLLAR)
    assert rows[3]["amount_usd"] == "-2.500000" and rows[0]["by"] == "operator:olga"


def test_a_month_and_a_kind_can_be_asked_for(olga: Client, moved: Person) -> None:
    assert [row["reason"] for row in file(olga, moved, month="2026-10")] == ["in October"]
    assert [row["reason"] for row in file(olga, moved, kind="grant")] == ["in October", "now"]
    assert file(olga, moved, month="1999-01") == []
    text = page(olga, moved, kind="charge")
    assert "charged for a run</span>" in text and "held for a run</span>" not in text
    disposition = olga.get(address(moved), {"month": "2026-10", "as": "csv"})["Content-Disposition"]
    assert disposition == f'attachment; filename="statement-{moved.tenant.pk}-2026-10.csv"'


@pytest.mark.parametrize(
    "asked",
    [
        {"month": "2026-13"},
        {"month": "'; DROP TABLE billing_entry; --"},
        {"kind": "everything"},
        {"before": "-1"},
        {"before": "9" * 40},
        {"before": "\u0665"},
        {"as": "pdf"},
        {"month": "0000-00", "kind": "\r\nX: y"},
    ],
)
def test_what_is_no_month_or_kind_asks_for_everything(olga: Client, moved: Person, asked: dict[str, str]) -> None:
    assert "in October" in page(olga, moved, **asked)
    assert len(file(olga, moved, **{**asked, "as": "csv"})) == 5


def test_nothing_in_a_file_calculates_and_no_token_leaves(olga: Client, alice: Person) -> None:
    notes = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", 'say "hi", twice', "line\nbreak"]
    for note in notes:
        books.grant(alice.tenant.pk, 1, note=note)
    Entry.objects.create(  # as no service would write it
        entry_id=ids.entry_id(),
        account_id=alice.tenant.pk,
        kind=EntryKind.GRANT,
        amount_micro_usd=1,
        actor="system:x",
        note="lost hmk_abc",
        created_at=clock.now(),
    )
    told = [row["reason"] for row in file(olga, alice)]
    assert told == [*(f"'{note}" for note in notes[:7]), *notes[7:], "lost (a token)"]
    assert "hmk_" not in page(olga, alice)


def test_cells_of_a_file_are_plain() -> None:
    cells = [None, 5, "plain", LAST_MONTH, "-x"]
    assert [spreadsheets.written(cell) for cell in cells] == ["", "5", "plain", "2026-10-05T12:00:00+00:00", "'-x"]


def test_turning_pages_shows_every_movement_once(olga: Client, alice: Person) -> None:
    for _ in range(120):
        books.grant(alice.tenant.pk, 1)
    seen: list[int] = []
    asked: dict[str, str] = {}
    for _ in range(10):
        answer = olga.get(address(alice), asked)
        seen += [int(strip_tags(row["number"])) for row in answer.context["rows"]]
        if not answer.context["older"]:
            break
        asked = dict([answer.context["older"].lstrip("?").split("=")])
    assert seen == list(range(120, 0, -1))
    assert "newest" in page(olga, alice, before="50")


def test_a_file_is_read_in_pieces(olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "PIECE", 10)
    for _ in range(25):
        books.grant(alice.tenant.pk, 1)
    with CaptureQueriesContext(connection) as queries:
        assert len(list(Period(alice.tenant.pk).all_in_order())) == 25
    assert len(queries) == 4


def test_a_movement_during_the_download_does_not_join_it(alice: Person) -> None:
    for _ in range(3):
        books.grant(alice.tenant.pk, 1)
    reading = Period(alice.tenant.pk).all_in_order()
    first = next(reading)
    books.grant(alice.tenant.pk, 1)
    assert [first.position, *(entry.position for entry in reading)] == [1, 2, 3]


def test_nobody_elses_movements_are_told(olga: Client, moved: Person) -> None:
    bob = tenants.bob()
    books.grant(bob.tenant.pk, 7, note="for bob")
    assert "for bob" not in page(olga, moved)
    assert [row["reason"] for row in file(olga, bob)] == ["for bob"]


def test_who_may_look_on_may_read_the_statement_and_nobody_else(vera: Client, client: Client, moved: Person) -> None:
    assert len(file(vera, moved)) == 5
    assert client.get(address(moved), {"as": "csv"})["Location"].startswith("/admin/login/")


def test_the_months_of_an_account_are_offered() -> None:
    opened = datetime(2026, 11, 30, tzinfo=UTC)
    told = [month.isoformat() for month in periods.months(opened, opened + timedelta(days=40))]
    assert told == ["2027-01-01", "2026-12-01", "2026-11-01"]


def test_every_kind_of_movement_has_its_words(olga: Client, alice: Person) -> None:
    books.everything(alice, canary="canary")
    found = {row["kind"] for row in file(olga, alice)}
    assert found == set(EntryKind.values) - {"expiry"}
    assert Account.objects.get(pk=alice.tenant.pk).name in page(olga, alice)
