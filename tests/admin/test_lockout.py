"""Five wrong passwords lock an account for an address, for a quarter of an hour, and the trail knows."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from hivemind.kit import clock, tasks
from hivemind.kit.conf import override
from hivemind.kit.models import AuditEvent, FailedSignIn
from tests.factories import operators
from tests.factories.operators import PASSWORD

LOGIN = "/admin/login/"
LIST = "/admin/kit/failedsignin/"
HERE, THERE, PROXY = "203.0.113.5", "203.0.113.6", "10.0.0.9"


@pytest.fixture
def ines(db: None) -> User:
    return operators.superuser("ines")


def attempt(name: str, password: str = "a guess", *, address: str = HERE, **headers: str) -> HttpResponse:
    """A sign-in from a browser of its own."""
    client = Client()
    sent = {"username": name, "password": password}
    return client.post(LOGIN, sent, REMOTE_ADDR=address, **headers)


def fail(name: str = "ines", *, times: int = 5, **how: str) -> HttpResponse:
    answers = [attempt(name, **how) for _ in range(times)]
    return answers[-1]


def age(minutes: float) -> None:
    """Let that time pass."""
    for row in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(minutes=minutes))


def locked(answer: HttpResponse) -> bool:
    return answer.status_code == 429


def test_the_fifth_failure_locks_and_the_right_password_is_refused_too(ines: User) -> None:
    assert fail(times=4).status_code == 200
    page = attempt("ines")
    assert locked(page) and 890 <= int(page["Retry-After"]) <= 900
    text = " ".join(page.content.decode().split())
    assert "in 15 minutes" in text and "axes_reset_username" in text and "Failed sign-ins" in text
    assert locked(attempt("ines", PASSWORD))


def test_failures_that_count_no_more_are_forgotten(ines: User) -> None:
    fail(times=2)
    tasks.forget_failures()
    assert AccessAttempt.objects.exists()
    age(15.1)
    tasks.forget_failures()
    assert not AccessAttempt.objects.exists()


def test_other_accounts_and_other_addresses_are_not_concerned(ines: User) -> None:
    operators.superuser("olga")
    fail()
    assert attempt("olga", PASSWORD).status_code == 302
    assert attempt("ines", PASSWORD, address=THERE).status_code == 302


def test_a_lock_ends_after_a_quarter_of_an_hour(ines: User) -> None:
    fail()
    age(14)
    assert locked(attempt("ines", PASSWORD))
    age(1.1)
    assert attempt("ines", PASSWORD).status_code == 302


def test_trying_while_locked_does_not_prolong_it(ines: User) -> None:
    fail()
    age(14)
    assert locked(fail(times=3))
    age(1.1)
    assert attempt("ines", PASSWORD).status_code == 302


def test_getting_in_forgets_the_failures(ines: User) -> None:
    fail(times=4)
    assert attempt("ines", PASSWORD).status_code == 302
    assert fail(times=4).status_code == 200


def test_another_browser_does_not_help(ines: User) -> None:
    for number in range(4):
        attempt("ines", HTTP_USER_AGENT=f"browser {number}")
    assert locked(attempt("ines", HTTP_USER_AGENT="browser 4"))


def test_a_client_cannot_choose_its_address(ines: User) -> None:
    for number in range(4):
        attempt("ines", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert locked(attempt("ines", HTTP_X_FORWARDED_FOR="198.51.100.9"))


def test_behind_a_proxy_of_ours_each_client_counts_for_itself(ines: User) -> None:
    with override("service", trusted_proxies="10.0.0.0/8"):
        for number in range(6):
            answer = attempt("ines", address=PROXY, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, {HERE}")
        assert locked(answer)
        assert attempt("ines", PASSWORD, address=PROXY, HTTP_X_FORWARDED_FOR=THERE).status_code == 302
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {HERE}


def test_a_whole_network_of_ipv6_counts_as_one_client(ines: User) -> None:
    for number in range(4):
        attempt("ines", address=f"2001:db8:0:7::{number}")
    assert locked(attempt("ines", address="2001:db8:0:7:ffff::1"))
    assert attempt("ines", PASSWORD, address="2001:db8:0:8::1").status_code == 302


def test_a_connection_without_an_address_is_counted_as_well(ines: User) -> None:
    assert locked(fail(address=""))


def test_the_trail_knows_lockouts_once_and_sign_ins(ines: User) -> None:
    fail(times=9)
    event = AuditEvent.objects.get(action="account.locked")
    assert (event.actor, event.subject) == ("system:sign-in", "ines")
    assert event.details == {"address": HERE, "minutes": 15}
    attempt("ines", PASSWORD, address=THERE)
    event = AuditEvent.objects.get(action="account.signed_in")
    assert (event.actor, event.subject) == ("operator:ines", "ines")
    assert event.details == {"address": THERE, "second_factor": "none"}


def test_a_password_typed_as_a_name_is_told_to_nobody(olga: Client) -> None:
    assert locked(fail("hunter2 hunter2"))
    assert AuditEvent.objects.get(action="account.locked").subject == "(no such account)"
    row = FailedSignIn.objects.get()
    pages = [LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/unlock/", f"{LIST}?known=no"]
    for address in pages:
        text = olga.get(address).content.decode()
        assert "hunter2" not in text and HERE in text, address
    olga.post(f"{LIST}{row.pk}/unlock/", {"reason": "she called"})
    assert "hunter2" not in str(list(AuditEvent.objects.values()))


def test_what_a_form_held_is_not_kept(ines: User) -> None:
    client = Client()
    client.post(f"{LOGIN}?next=/admin/x", {"username": "ines", "password": "my secret", "code": "123456"})
    kept = str(AccessAttempt.objects.values().get())
    assert "my secret" not in kept and "123456" not in kept


def test_a_superuser_unlocks_with_a_reason(ines: User, olga: Client) -> None:
    fail(HTTP_USER_AGENT="one", times=2)
    fail(HTTP_USER_AGENT="two", times=3)
    assert "locked" in olga.get(f"{LIST}?locked=yes").content.decode()
    row = FailedSignIn.objects.first()
    page = f"{LIST}{row.pk}/unlock/"
    assert page in olga.get(f"{LIST}{row.pk}/change/").content.decode()
    olga.post(page, {"reason": ""})
    assert locked(attempt("ines", PASSWORD))
    olga.post(page, {"reason": "she called"})
    assert attempt("ines", PASSWORD).status_code == 302
    told = AuditEvent.objects.filter(actor="operator:olga", subject="ines").values_list("action", "details")
    assert ("account.unlocked", {"address": HERE, "failures": 5}) in told
    assert ("operator.unlock", {"reason": "she called"}) in told


def test_the_command_line_unlocks_too(ines: User) -> None:
    fail()
    call_command("axes_reset_username", "ines")
    assert attempt("ines", PASSWORD).status_code == 302


def test_only_what_is_locked_can_be_unlocked(ines: User, olga: Client) -> None:
    fail(times=4)
    row = FailedSignIn.objects.get()
    assert "counting" in olga.get(LIST).content.decode()
    assert f"{LIST}{row.pk}/unlock/" not in olga.get(f"{LIST}{row.pk}/change/").content.decode()
    fail(times=1)
    age(16)
    text = olga.get(LIST).content.decode()
    assert "over" in text and "locked</span>" not in text
    assert not olga.get(f"{LIST}?locked=yes").context["cl"].result_list


def test_only_superusers_see_failures(ines: User, vera: Client) -> None:
    fail()
    row = FailedSignIn.objects.get()
    for address in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/unlock/"):
        assert vera.get(address).status_code == 403
    several = reverse("admin:kit_failedsignin_unlock_several")
    assert vera.post(f"{several}?pk={row.pk}", {"reason": "x"}).status_code == 403
    assert row.attempt_time > clock.now() - timedelta(minutes=1)
