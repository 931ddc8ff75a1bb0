"""Ledger, holds, redemptions, spend tokens and checks: what is asked of them, what is found, and what is hidden."""

from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from billing.errors import BadPayer
from billing.models import Account, BooksCheck, Entry, Hold, SpendToken
from billing.payers import named
from billing.services import bookkeeping, credit_codes, ledger
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tests.admin import books
from tests.admin.books import DOLLAR
from tests.admin.rows import CANARY, secret_texts
from tests.factories import tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


def ids_listed(client: Client, model: str, **asked: str) -> set[object]:
    answer = client.get(reverse(f"admin:billing_{model}_changelist"), asked)
    assert answer.status_code == 200
    return {row.pk for row in answer.context["cl"].result_list}


def text_of(client: Client, address: str, **asked: str) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_questions_about_accounts_are_answered(olga: Client, alice: Person) -> None:
    bob, carol = tenants.bob(), tenants.carol()
    books.grant(alice.tenant.pk, 10)
    books.spend(alice.tenant.pk, 6)
    ledger.debit(bob.tenant.pk, DOLLAR, actor=books.OLGA, note="x", allow_overdraft=True)
    books.grant(carol.tenant.pk, 100)
    books.hold(carol.tenant.pk, 3)
    keys = {person.tenant.name: person.tenant.pk for person in (alice, bob, carol)}
    assert ids_listed(olga, "account", overdrawn="yes") == {keys["bob"]}
    assert ids_listed(olga, "account", dry="yes") == {keys["alice"]}
    assert ids_listed(olga, "account", held="yes") == {keys["carol"]}
    assert ids_listed(olga, "account", q=keys["bob"][:8]) == {keys["bob"]}
    assert ids_listed(olga, "account", q="CAR") == {keys["carol"]}
    bookkeeping.close_account(keys["alice"], name="alice", actor=books.OLGA)
    assert ids_listed(olga, "account", closed="yes") == {keys["alice"]}
    assert ids_listed(olga, "account", dry="yes") == set()


def test_what_was_spent_long_ago_does_not_run_an_account_dry(
    olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.grant(alice.tenant.pk, 10)
    now = clock.now()
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: now - timedelta(days=8))
        books.spend(alice.tenant.pk, 6)
    assert ids_listed(olga, "account", dry="yes") == set()


def test_the_list_of_accounts_tells_figures_and_the_last_movement(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 1234.5)
    books.hold(alice.tenant.pk, 0.0032)
    text = text_of(olga, "/admin/billing/account/")
    assert "$1,234.50" in text and "$0.0032" in text and "0 s ago" in text
    row = olga.get("/admin/billing/account/").context["cl"].result_list[0]
    assert row.moved_at == Entry.objects.order_by("-id")[0].created_at


def test_the_tenants_list_has_a_balance_for_those_who_may_see_it(olga: Client, vera: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 77)
    address = reverse("admin:tenants_tenant_changelist")
    assert "$77.00" in text_of(olga, address) and "column-balance" in text_of(olga, address)
    user = vera.get("/admin/").wsgi_request.user
    user.user_permissions.remove(*user.user_permissions.filter(codename="view_account"))
    for page in (address, reverse("admin:tenants_tenant_change", args=[quote(alice.tenant.pk)])):
        assert "$77.00" not in text_of(vera, page) or "credit granted" in text_of(vera, page)
    assert "column-balance" not in text_of(vera, address)


def test_a_tenants_page_tells_its_money(olga: Client, alice: Person) -> None:
    books.everything(alice, canary="canary")
    text = text_of(olga, reverse("admin:tenants_tenant_change", args=[quote(alice.tenant.pk)]))
    balance = Account.objects.get(pk=alice.tenant.pk)
    for amount in (balance.balance_micro_usd, balance.spent_micro_usd, balance.credited_micro_usd):
        assert f"${amount / DOLLAR:,.6f}" in text
    assert "Spent in the last 30 days" in text and "granted twice" in text and "the whole statement" in text


def test_deleting_a_tenant_says_what_happens_to_its_money(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 5)
    books.spend_token(alice.tenant.pk)
    text = text_of(olga, reverse("admin:tenants_tenant_delete_tenant", args=[quote(alice.tenant.pk)]))
    assert "Its balance of $5.000000" in text and "1 spend token" in text
    text = text_of(olga, reverse("admin:tenants_tenant_reset_key", args=[quote(alice.tenant.pk)]))
    assert "1 spend token, with which agents and guests pay." in text


def test_suspending_a_tenant_says_what_becomes_of_its_money(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 5)
    books.spend_token(alice.tenant.pk)
    books.hold(alice.tenant.pk, 2)
    text = text_of(olga, reverse("admin:tenants_tenant_suspend", args=[quote(alice.tenant.pk)]))
    assert "Its balance of $3.000000 stays" in text and "The $2.000000 on hold is settled" in text
    assert "1 spend token of it pay for nothing meanwhile" in text


def test_the_trail_leads_to_entries_and_codes(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 5)
    code = books.code().code
    entry = Entry.objects.get()
    text = text_of(olga, reverse("admin:kit_auditevent_changelist"))
    assert f'href="/admin/billing/entry/?q={entry.entry_id}"' in text
    assert reverse("admin:billing_creditcode_change", args=[quote(code.pk)]) in text


def test_no_file_contains_a_secret(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    files = ["/admin/billing/price/prices.csv"]
    for account in Account.objects.all():
        files.append(reverse("admin:billing_account_statement", args=[quote(account.pk)]) + "?as=csv")
    forbidden = [CANARY, *secret_texts(*everything)]
    for address in files:
        text = b"".join(olga.get(address).streaming_content).decode()  # type: ignore[attr-defined]
        assert text.count("\n") > 5 and not [secret for secret in forbidden if secret in text], address


def test_entries_are_found_by_their_id_their_run_and_their_tenant(olga: Client, alice: Person) -> None:
    bob = tenants.bob()
    books.grant(bob.tenant.pk, 5)
    run_id = books.spend(alice.tenant.pk, 1)
    entry = Entry.objects.get(account_id=bob.tenant.pk)
    of_run = set(Entry.objects.filter(run_id=run_id).values_list("pk", flat=True))
    assert ids_listed(olga, "entry", q=entry.entry_id) == ids_listed(olga, "entry", q=entry.entry_id[:12]) == {entry.pk}
    assert ids_listed(olga, "entry", q=run_id) == ids_listed(olga, "entry", q=run_id[:6]) == of_run and len(of_run) == 3
    assert ids_listed(olga, "entry", q=alice.tenant.pk) == of_run
    for term in ("nothing", "%", "t_", "'", "\\", "ble_%"):
        assert ids_listed(olga, "entry", q=term) == set()


def test_the_questions_about_entries_are_answered(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 5)
    books.spend(alice.tenant.pk, 1)
    kinds = {entry.kind: entry.pk for entry in Entry.objects.all()}
    assert ids_listed(olga, "entry", what="charge") == {kinds["charge"]}
    assert ids_listed(olga, "entry", hand="yes") == {kinds["grant"]}
    assert ids_listed(olga, "entry", when="hour") == set(kinds.values())


def test_the_questions_about_holds_are_answered(olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: now - timedelta(minutes=61))
        old = books.hold(alice.tenant.pk, 1)
    fresh, settled = books.hold(alice.tenant.pk, 1), books.spend(alice.tenant.pk, 1)
    assert ids_listed(olga, "hold", standing="yes") == {old, fresh}
    assert ids_listed(olga, "hold", standing="long") == {old}
    assert ids_listed(olga, "hold", standing="no") == ids_listed(olga, "hold", ended="settled") == {settled}
    assert ids_listed(olga, "hold", q=fresh[:8]) == {fresh}
    assert len(ids_listed(olga, "hold", q=alice.tenant.pk)) == 3
    assert "1 h" in text_of(olga, "/admin/billing/hold/", standing="long")


def test_redemptions_are_found_by_code_and_tenant(olga: Client, alice: Person) -> None:
    minted, free = books.code(), books.code(0)
    one = credit_codes.redeem(minted.text, tenant_id=alice.tenant.pk, actor=books.OLGA).redemption
    other = credit_codes.redeem(free.text, tenant_id=alice.tenant.pk, actor=books.OLGA).redemption
    assert ids_listed(olga, "redemption", q=minted.code.pk) == {one.pk}
    assert ids_listed(olga, "redemption", q=alice.tenant.pk) == {one.pk, other.pk}
    assert ids_listed(olga, "redemption", worth="no") == {other.pk}


def test_a_revoked_spend_token_pays_no_more(olga: Client, vera: Client, alice: Person) -> None:
    token, text = books.spend_token(alice.tenant.pk)
    header = {"X-Hivemind-Api-Key": text}
    assert named(header) is not None
    revoke = reverse("admin:billing_spendtoken_revoke_token", args=[quote(token.pk)])
    assert vera.post(revoke, {"reason": "x"}).status_code == 403
    olga.post(revoke, {"reason": "found in a repository"})
    with pytest.raises(BadPayer):
        named(header)
    event = AuditEvent.objects.get(action="operator.revoke_token")
    assert (event.subject, event.tenant_id) == (token.pk, alice.tenant.pk)
    assert ids_listed(olga, "spendtoken", living="revoked") == {token.pk}


def test_the_questions_about_spend_tokens_are_answered(olga: Client, alice: Person) -> None:
    living, _ = books.spend_token(alice.tenant.pk)
    used, _ = books.spend_token(alice.tenant.pk, dollars=1)
    books.grant(alice.tenant.pk, 5)
    books.hold(alice.tenant.pk, 1, token=used.pk)
    assert ids_listed(olga, "spendtoken", living="yes") == {living.pk, used.pk}
    assert ids_listed(olga, "spendtoken", used="yes") == {used.pk}
    assert ids_listed(olga, "spendtoken", living="expired") == set()
    assert ids_listed(olga, "spendtoken", q=living.pk[:6]) == {living.pk}


def test_what_owners_call_their_spend_tokens_is_not_told(olga: Client, alice: Person) -> None:
    token, text = books.spend_token(alice.tenant.pk, label="for my secret project")
    pages = ["/admin/billing/spendtoken/", reverse("admin:billing_spendtoken_change", args=[quote(token.pk)])]
    for page in pages:
        found = text_of(olga, page)
        assert "secret project" not in found and text not in found and token.token_hash not in found


def test_a_check_tells_what_it_found(olga: Client, alice: Person) -> None:
    books.everything(alice, canary="canary")
    check = BooksCheck.objects.get()
    text = text_of(olga, reverse("admin:billing_bookscheck_change", args=[check.pk]))
    assert "1 problem" in text and "off by one" in text
    assert ids_listed(olga, "bookscheck", found="yes") == {check.pk}


@pytest.mark.parametrize("model", ["account", "entry", "hold", "redemption", "spendtoken", "creditcode", "price"])
def test_nothing_in_the_books_is_edited_or_deleted_by_a_form(olga: Client, alice: Person, model: str) -> None:
    books.everything(alice, canary="canary")
    row = next(iter(olga.get(reverse(f"admin:billing_{model}_changelist")).context["cl"].result_list))
    before = Entry.objects.count(), Hold.objects.count(), SpendToken.objects.count()
    base = f"admin:billing_{model}"
    sent = {"balance_micro_usd": "5", "amount_micro_usd": "5", "label": "x"}
    assert olga.post(reverse(f"{base}_change", args=[quote(row.pk)]), sent).status_code == 403
    assert olga.post(reverse(f"{base}_delete", args=[quote(row.pk)]), {"post": "yes"}).status_code == 403
    assert (Entry.objects.count(), Hold.objects.count(), SpendToken.objects.count()) == before


@pytest.mark.parametrize("lookup", ["code_hash__startswith", "token_hash", "label__contains", "account__name", "note"])
def test_an_address_cannot_ask_about_other_columns(olga: Client, db: None, lookup: str) -> None:
    for model in ("creditcode", "spendtoken", "entry"):
        address = reverse(f"admin:billing_{model}_changelist")
        assert olga.get(address, {lookup: "a"}).status_code == 400
