"""The business on the landing page: what money needs somebody, the charts, and who may see them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from billing.models import BooksCheck
from billing.services import credit_codes, ledger
from hivemind import admin_services
from hivemind.kit import clock
from hivemind.kit.admin import remembered
from tests.admin import books, rows
from tests.admin.books import DOLLAR
from tests.admin.test_price_pages import used
from tests.factories import tenants
from tests.factories.tenants import Person

HOME = "/admin/"


def needs(client: Client) -> list[tuple[str, str]]:
    """What the page says about money, and how badly."""
    remembered.forget_all()
    ours = ("account", "hold", "code", "price", "books")
    found = client.get(HOME).context["needs"]
    return [(need.weight, need.text) for need in found if any(word in need.text for word in ours)]


def checked(*, hours_ago: float, problems: int = 0) -> None:
    BooksCheck.objects.create(
        checked_at=clock.now() - timedelta(hours=hours_ago),
        took_seconds=0.1,
        account_count=1,
        entry_count=1,
        problem_count=problems,
        problems=[],
    )


def test_books_in_order_need_nobody(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 50)
    books.spend(alice.tenant.pk, 1)
    books.hold(alice.tenant.pk, 1)
    books.code()
    assert needs(olga) == []


def test_accounts_below_nothing_and_nearly_there_are_counted(olga: Client, alice: Person) -> None:
    ledger.debit(alice.tenant.pk, 3 * DOLLAR, actor=books.OLGA, note="x", allow_overdraft=True)
    bob = tenants.bob()
    books.grant(bob.tenant.pk, 10)
    books.spend(bob.tenant.pk, 6)
    assert needs(olga) == [
        ("danger", "1 account overdrawn by $3.00 together"),
        ("warning", "1 account with less than a week's spending left"),
    ]


def test_codes_about_to_expire_are_told_while_something_is_unused(olga: Client, alice: Person) -> None:
    minted = books.code(5, uses=3, days=6)
    books.code(5, days=8)
    credit_codes.redeem(minted.text, tenant_id=alice.tenant.pk, actor=books.OLGA)
    assert needs(olga) == [("warning", "1 credit code with $10.00 unused: over within a week")]
    credit_codes.revoke(minted.code.pk, actor=books.OLGA)
    assert needs(olga) == []


def test_holds_that_stand_too_long_are_told(olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    books.grant(alice.tenant.pk, 50)
    now = clock.now()
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: now - timedelta(minutes=61))
        books.hold(alice.tenant.pk, 2)
    assert needs(olga) == [("warning", "1 hold of $2.00 standing for over an hour")]


def test_books_that_do_not_agree_are_told_first(olga: Client, alice: Person) -> None:
    checked(hours_ago=3, problems=2)
    assert needs(olga) == [("danger", "The books do not agree: 2 problems, checked 3 h ago")]
    checked(hours_ago=1)
    assert needs(olga) == []


def test_books_that_nobody_checked_are_told(olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: now - timedelta(days=3))
        tenants.alice()
    assert needs(olga) == [("warning", "The books were not checked yet")]
    checked(hours_ago=50)
    assert needs(olga) == [("warning", "The books were not checked since 2 days ago")]
    checked(hours_ago=20)
    assert needs(olga) == []


def test_models_that_were_used_without_a_price_are_told(olga: Client, vera: Client, alice: Person) -> None:
    used(alice)
    assert needs(olga) == []
    books.prices.withdraw("openrouter", "z-ai/glm-5", actor=books.OLGA)
    told = ("warning", "Used in the last week without a price: openrouter/z-ai/glm-5")
    assert needs(olga) == needs(vera) == [told]
    links = [
        [need.url for need in client.get(HOME).context["needs"] if "price" in need.text] for client in (olga, vera)
    ]
    assert links == [["/admin/billing/price/add/"], ["/admin/billing/price/"]]


def test_the_charts_tell_thirty_days(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 20)
    books.spend(alice.tenant.pk, 2.5)
    remembered.forget_all()
    charts = {chart.title: chart for chart in olga.get(HOME).context["charts"]}
    assert set(charts) == {"Runs in 30 days", "Charged in 30 days", "Credit given in 30 days"}
    assert charts["Charged in 30 days"].total == "$2.50"
    assert charts["Credit given in 30 days"].columns[-1].told.endswith("$20.00 granted")
    assert len(charts["Runs in 30 days"].columns) == 30


def test_an_empty_service_has_charts_without_bars(olga: Client) -> None:
    answer = olga.get(HOME)
    assert all(column.parts == [] for chart in answer.context["charts"] for column in chart.columns)
    assert "hm-part-good" not in answer.content.decode().split("hm-grid-charts")[1].split("hm-legend")[0]


def test_money_is_told_only_to_those_who_may_see_accounts(alice: Person) -> None:
    ledger.debit(alice.tenant.pk, 3 * DOLLAR, actor=books.OLGA, note="x", allow_overdraft=True)
    user = User.objects.create_user("ines", password="a password of hers", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_agent"))
    ines = Client()
    ines.force_login(user)
    answer = ines.get(HOME)
    assert answer.context["charts"] == [] and "$3.00" not in answer.content.decode()


def test_dear_answers_are_computed_once_for_many_pages(olga: Client, alice: Person) -> None:
    rows.worker()
    remembered.forget_all()
    olga.get(HOME)
    ledger.debit(alice.tenant.pk, 3 * DOLLAR, actor=books.OLGA, note="x", allow_overdraft=True)
    assert not any("overdrawn" in need.text for need in olga.get(HOME).context["needs"])
    assert needs(olga) == [("danger", "1 account overdrawn by $3.00 together")]


def test_what_the_signatures_prove_is_said(olga: Client) -> None:
    told = {service.name: service for service in admin_services.all_health()}
    assert told["Attestation"].mood == "doubtful"
    assert "proves nothing about hardware" in olga.get(HOME).content.decode()


def test_an_unusable_signer_is_red(olga: Client, state_dir: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise admin_services.SignerUnusable

    monkeypatch.setattr(admin_services.signer, "run_signer", broken)
    assert admin_services.attestation().mood == "ill"
    assert any(need.text.startswith("Attestation: ") for need in olga.get(HOME).context["needs"])
