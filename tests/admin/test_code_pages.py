"""Credit codes: minted once, shown once, revoked for good; the texts are kept nowhere."""

import base64
import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from billing.errors import CreditCodeRevoked
from billing.models import CreditCode
from billing.services import credit_codes
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tests.admin import books
from tests.admin.books import DOLLAR
from tests.admin.test_money_pages import PAGE
from tests.factories import tenants
from tests.factories.tenants import Person

ADD = "/admin/billing/creditcode/add/"
LIST = "/admin/billing/creditcode/"
TEXT = re.compile(r"hmcc_[A-Za-z0-9_-]{43}")


def filled(client: Client, **values: str) -> dict[str, str]:
    [page] = PAGE.findall(client.get(ADD).content.decode())
    return {"page": page, "amount": "5", "uses": "1", "count": "1", "label": "fair", **values}


def mint(client: Client, **values: str) -> HttpResponse:
    return client.post(ADD, filled(client, **values))


def texts_in(answer: HttpResponse) -> list[str]:
    """The codes on a page, in order, each once."""
    return list(dict.fromkeys(TEXT.findall(answer.content.decode())))


def test_a_code_is_shown_once_and_redeems(olga: Client, alice: Person) -> None:
    answer = mint(olga, amount="$12.50", uses="3")
    [text] = texts_in(answer)
    assert "no-store" in answer["Cache-Control"] and answer["Referrer-Policy"] == "same-origin"
    assert "data:text/csv" not in answer.content.decode()
    credit_codes.redeem(text, tenant_id=alice.tenant.pk, actor=books.OLGA)
    assert books.balance(alice.tenant.pk) == round(12.5 * DOLLAR)
    row = CreditCode.objects.get()
    assert (row.max_redemptions, row.redeemed_count, row.created_by) == (3, 1, "operator:olga")


def test_the_text_of_a_code_is_kept_nowhere(olga: Client, caplog: pytest.LogCaptureFixture) -> None:
    [text] = texts_in(mint(olga))
    code = CreditCode.objects.get()
    for address in (ADD, LIST, reverse("admin:billing_creditcode_change", args=[quote(code.pk)]), "/admin/"):
        page = olga.get(address).content.decode()
        assert "hmcc_" not in page and code.code_hash not in page
    stored = [*AuditEvent.objects.all(), *LogEntry.objects.all(), code]
    kept = [str(vars(row)) for row in stored] + [str(session.get_decoded()) for session in Session.objects.all()]
    assert not [words for words in kept if text in words]
    assert text not in str(olga.cookies) + caplog.text


def test_a_batch_is_a_list_and_a_file_within_the_page(olga: Client, alice: Person) -> None:
    answer = mint(olga, count="20", label="=fair", expires_in_days="30")
    texts = texts_in(answer)
    assert len(texts) == 20 and CreditCode.objects.count() == 20
    [data] = re.findall(r'href="data:text/csv;base64,([^"]+)"', answer.content.decode())
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(data).decode())))
    assert [row["code"] for row in rows] == texts
    assert rows[4]["label"] == "'=fair 5/20" and rows[4]["worth_usd"] == "5.000000"
    assert {code.label for code in CreditCode.objects.all()} == {f"=fair {n}/20" for n in range(1, 21)}
    for text in texts[:2]:
        credit_codes.redeem(text, tenant_id=alice.tenant.pk, actor=books.OLGA)
    assert books.balance(alice.tenant.pk) == 10 * DOLLAR


def test_a_page_sent_twice_mints_once_and_shows_nothing_again(olga: Client) -> None:
    sent = filled(olga, count="3")
    first = olga.post(ADD, sent)
    again = olga.post(ADD, sent, follow=True)
    assert len(texts_in(first)) == 3 and texts_in(again) == []
    assert CreditCode.objects.count() == 3 and "Nothing was done a second time" in again.content.decode()


def test_codes_expire_in_days_or_at_the_end_of_a_day(olga: Client) -> None:
    mint(olga, expires_on="2999-01-31")
    mint(olga, expires_in_days="10")
    mint(olga)
    ends = [code.expires_at for code in CreditCode.objects.order_by("created_at")]
    assert ends[0] is not None and ends[0].isoformat() == "2999-01-31T23:59:59+00:00"
    assert ends[1] is not None and abs(ends[1] - clock.now() - timedelta(days=10)) < timedelta(minutes=1)
    assert ends[2] is None


@pytest.mark.parametrize(
    "bad",
    [
        {"amount": "0"},
        {"amount": "NaN"},
        {"amount": ""},
        {"uses": "0"},
        {"uses": "1000001"},
        {"uses": "1.5"},
        {"count": "0"},
        {"count": "501"},
        {"expires_in_days": "0"},
        {"expires_in_days": "5", "expires_on": "2999-01-01"},
        {"expires_on": "1999-01-01"},
        {"expires_on": "someday"},
        {"label": "x" * 189},
        {"label": f"hmcc_{'a' * 43}"},
        {"label": "a\0b"},
        {"page": ""},
    ],
    ids=str,
)
def test_what_makes_no_sense_mints_nothing(olga: Client, bad: dict[str, str]) -> None:
    answer = mint(olga, **bad)
    assert answer.status_code == 200 and texts_in(answer) in ([], [bad.get("label")])
    assert not CreditCode.objects.exists()


def test_a_revoked_code_is_refused_and_its_grants_stay(olga: Client, alice: Person) -> None:
    minted = books.code(uses=2)
    credit_codes.redeem(minted.text, tenant_id=alice.tenant.pk, actor=books.OLGA)
    revoke = reverse("admin:billing_creditcode_revoke_code", args=[quote(minted.code.pk)])
    assert olga.post(revoke, {"reason": "was printed in a newspaper"}).status_code == 302
    with pytest.raises(CreditCodeRevoked):
        credit_codes.redeem(minted.text, tenant_id=tenants.bob().tenant.pk, actor=books.OLGA)
    assert books.balance(alice.tenant.pk) == 5 * DOLLAR
    event = AuditEvent.objects.get(action="operator.revoke_code")
    assert (event.subject, event.tenant_id) == (minted.code.pk, "")


def test_the_page_of_a_code_says_who_redeemed_it(olga: Client, alice: Person) -> None:
    minted = books.code(uses=2)
    address = reverse("admin:billing_creditcode_change", args=[quote(minted.code.pk)])
    assert "Nobody has redeemed it yet" in olga.get(address).content.decode()
    credit_codes.redeem(minted.text, tenant_id=alice.tenant.pk, actor=books.OLGA)
    page = olga.get(address).content.decode()
    assert "alice" in page and "1 of 2" in page


def listed(client: Client, **asked: str) -> set[str]:
    return {row.label for row in client.get(LIST, asked).context["cl"].result_list}


def test_the_questions_about_codes_are_answered(olga: Client, alice: Person) -> None:
    books.code(label="plain")
    books.code(label="soon", days=3)
    books.code(label="later", days=30)
    used = books.code(label="used")
    credit_codes.redeem(used.text, tenant_id=alice.tenant.pk, actor=books.OLGA)
    credit_codes.revoke(books.code(label="revoked", days=3).code.pk, actor=books.OLGA)
    assert listed(olga, active="yes") == {"plain", "soon", "later"}
    assert listed(olga, soon="yes") == {"soon"}
    assert listed(olga, used="yes") == {"used"}
    assert listed(olga, revoked="yes") == {"revoked"}
    assert listed(olga, q="lat") == {"later"}
    assert listed(olga, q=used.code.pk) == {"used"}


def test_who_only_looks_on_mints_and_revokes_nothing(vera: Client, olga: Client) -> None:
    sent = filled(olga)
    assert vera.get(ADD).status_code == 403 and vera.post(ADD, sent).status_code == 403
    assert ADD not in vera.get(LIST).content.decode() and not CreditCode.objects.exists()
    code = books.code().code
    revoke = reverse("admin:billing_creditcode_revoke_code", args=[quote(code.pk)])
    assert vera.post(revoke, {"reason": "x"}).status_code == 403
    assert CreditCode.objects.get().revoked_at is None
