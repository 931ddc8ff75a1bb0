"""The search over all lists: what it finds for whom, and that it asks about nothing else."""

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import CreditCode
from hivemind import admin_search
from runner.models import Run
from tests.admin import books
from tests.factories import tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

SEARCH = "/admin/search/"


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    cache.clear()


def results(client: Client, term: str) -> list[str]:
    """The addresses that a term finds."""
    answer = client.get(SEARCH, {"s": term, "extended": "1"})
    assert answer.status_code == 200
    return [str(result.link) for result in answer.context["results"]] if answer.context else []


def test_a_run_a_tenant_and_a_code_are_found(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    run, code = Run.objects.first(), CreditCode.objects.get()
    assert run is not None and results(olga, run.pk[:8]) == [f"/admin/runner/run/{run.pk}/change/"]
    assert any("creditcode" in link for link in results(olga, "FAIR"))
    assert any("creditcode" in link for link in results(olga, code.pk))
    of_alice = results(olga, "alice")
    assert any("tenants/tenant" in link for link in of_alice) and any("billing/account" in link for link in of_alice)
    assert all(olga.get(link).status_code == 200 for link in of_alice)


def test_only_what_a_person_may_see_is_found(everything: tuple[Person, MadeRoom]) -> None:
    user = User.objects.create_user("ines", password="a password of hers", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_account"))
    ines = Client()
    ines.force_login(user)
    assert [link.split("/")[3] for link in results(ines, "alice")] == ["account"]


def test_a_stranger_finds_nothing(client: Client, db: None) -> None:
    assert client.get(SEARCH, {"s": "alice", "extended": "1"})["Location"].startswith("/admin/login/")


def test_few_rows_of_each_list_are_read(olga: Client, alice: Person) -> None:
    for number in range(12):
        tenants.person(f"meadow {number}")
    with CaptureQueriesContext(connection) as queries:
        found = results(olga, "meadow")
    assert len(found) == 2 * admin_search.OF_EACH and len(queries) <= 20
    assert all("LIMIT 5" in query["sql"] for query in queries if "meadow" in query["sql"])


@pytest.mark.parametrize("term", ["a", "ab", "  a ", "", "\0\0\0\0"])
def test_what_is_too_short_is_not_searched(olga: Client, alice: Person, term: str) -> None:
    assert [link for link in results(olga, term) if "/t_" in link] == []


def test_a_token_that_is_pasted_finds_nothing_and_reaches_no_query(olga: Client, alice: Person) -> None:
    minted = books.code()
    for text in (minted.text, alice.api_key):
        with CaptureQueriesContext(connection) as queries:
            assert results(olga, text) == []
        assert not [query for query in queries if text.lower() in query["sql"].lower()]


def test_hashes_and_hidden_labels_cannot_be_searched_for(olga: Client, alice: Person) -> None:
    minted = books.code()
    token, _ = books.spend_token(alice.tenant.pk, label="a hidden label")
    for term in (minted.code.code_hash[12:40], token.token_hash[14:40], "hidden label"):
        assert results(olga, term) == []


@pytest.mark.parametrize("term", ["%%%", "___", "' OR 1=1 --", "\\\\\\", "<script>alert(1)</script>"])
def test_odd_terms_find_nothing_and_break_nothing(olga: Client, alice: Person, term: str) -> None:
    answer = olga.get(SEARCH, {"s": term, "extended": "1"})
    assert answer.status_code == 200 and "/change/" not in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
