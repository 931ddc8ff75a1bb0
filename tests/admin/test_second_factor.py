"""Signing in with a second factor, setting one up, and being required to."""

import time
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from hivemind.kit.access import pending
from hivemind.kit.conf import override
from hivemind.kit.models import AuditEvent, Authenticator
from hivemind.kit.services import second_factor
from tests.factories import operators
from tests.factories.operators import PASSWORD

LOGIN, CODE, HOME = "/admin/login/", "/admin/login/code/", "/admin/"
OWN, CONFIRM, CODES, REMOVE = (f"/admin/second-factor/{name}" for name in ("", "confirm/", "codes/", "remove/"))


@pytest.fixture
def ines(db: None) -> User:
    return operators.superuser("ines")


@pytest.fixture
def required() -> Iterator[None]:
    """The service demands a second factor."""
    with override("access", admin_require_otp=True):
        yield


def password_step(client: Client, user: User, *, to: str = "") -> str:
    """Where the right password leads."""
    address = f"{LOGIN}?next={to}" if to else LOGIN
    return client.post(address, {"username": user.get_username(), "password": PASSWORD})["Location"]


def inside(client: Client) -> bool:
    return client.get(HOME).status_code == 200


def test_without_a_factor_the_password_is_enough(ines: User) -> None:
    assert inside(operators.signed_in(ines))


def test_with_a_factor_nobody_is_in_before_the_code(ines: User) -> None:
    device, _ = operators.with_factor(ines)
    client = Client()
    assert password_step(client, ines, to="/admin/runner/run/") == CODE
    assert not inside(client) and "_auth_user_id" not in client.session
    assert "ines" in client.get(CODE).content.decode()
    answer = client.post(CODE, {"code": operators.code(device)})
    assert answer["Location"] == "/admin/runner/run/" and inside(client)
    event = AuditEvent.objects.get(action="account.signed_in")
    assert event.details["second_factor"] == "app"


def test_a_wrong_code_lets_nobody_in_and_counts_as_a_failure(ines: User) -> None:
    device, _ = operators.with_factor(ines)
    client = Client()
    password_step(client, ines)
    for count in range(1, 6):
        answer = client.post(CODE, {"code": operators.wrong_code(device)})
        assert answer.status_code == (200 if count < 5 else 429)
        Authenticator.objects.update(throttling_failure_count=0)
    assert client.post(CODE, {"code": operators.code(device)}).status_code == 429
    assert not inside(client)
    assert AuditEvent.objects.filter(action="account.locked", subject="ines").count() == 1


def test_codes_in_quick_succession_are_not_even_looked_at(ines: User) -> None:
    device, _ = operators.with_factor(ines)
    client = Client()
    password_step(client, ines)
    client.post(CODE, {"code": operators.wrong_code(device)})
    answer = client.post(CODE, {"code": operators.code(device)})
    assert "Wait 1 s" in answer.content.decode() and not inside(client)


def test_a_code_that_was_seen_is_not_good_for_a_second_sign_in(ines: User) -> None:
    device, _ = operators.with_factor(ines)
    text = operators.code(device)
    assert inside(operators.signed_in(ines, text=text))
    assert not inside(operators.signed_in(ines, text=text))


def test_a_recovery_code_lets_in_once(ines: User) -> None:
    _, codes = operators.with_factor(ines)
    assert inside(operators.signed_in(ines, text=codes[3]))
    assert not inside(operators.signed_in(ines, text=codes[3]))


@pytest.mark.parametrize("why", ["late", "password", "inactive", "nothing"])
def test_the_second_page_waits_for_nobody_else(ines: User, why: str) -> None:
    device, _ = operators.with_factor(ines)
    client = Client()
    if why != "nothing":
        password_step(client, ines)
    session = client.session
    if why == "late":
        session["sign_in_pending"]["until"] = time.time() - 1
        session.save()
    elif why == "password":
        ines.set_password("another password")
        ines.save()
    elif why == "inactive":
        User.objects.update(is_active=False)
    assert client.get(CODE)["Location"] == LOGIN
    assert client.post(CODE, {"code": operators.code(device)})["Location"] == LOGIN
    assert not inside(client) and pending.SECONDS == 300


def test_the_session_of_before_is_not_the_session_of_after(ines: User) -> None:
    device, _ = operators.with_factor(ines)
    client = Client()
    password_step(client, ines)
    before = client.session.session_key
    client.post(CODE, {"code": operators.code(device)})
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_setting_up_takes_the_password_and_a_code(ines: User) -> None:
    client = operators.signed_in(ines)
    assert client.post(OWN, {"password": "a guess"}).status_code == 200
    assert second_factor.begun(ines) is None
    assert client.get(CONFIRM)["Location"] == OWN
    assert client.post(OWN, {"password": PASSWORD})["Location"] == CONFIRM
    page = client.get(CONFIRM)
    device = second_factor.begun(ines)
    text = page.content.decode()
    assert device.spelled in text and '<svg class="hm-qr"' in text and "no-store" in page["Cache-Control"]
    assert client.post(CONFIRM, {"code": operators.wrong_code(device)}).status_code == 200
    assert not second_factor.is_set_up(ines)
    Authenticator.objects.update(throttling_failure_count=0)
    page = client.post(CONFIRM, {"code": operators.code(device)})
    assert "never again" in page.content.decode() and "no-store" in page["Cache-Control"]
    assert second_factor.is_set_up(ines) and inside(client)
    assert device.spelled not in client.get(OWN).content.decode()


def test_recovery_codes_that_were_shown_let_in(ines: User) -> None:
    client = operators.signed_in(ines)
    client.post(OWN, {"password": PASSWORD})
    page = client.post(CONFIRM, {"code": operators.code(second_factor.begun(ines))})
    codes = page.context["codes"]
    assert len(codes) == 10 and all(code in page.content.decode() for code in codes)
    assert not [code for code in codes if code in client.get(OWN).content.decode()]
    assert inside(operators.signed_in(ines, text=codes[0]))


def test_sessions_of_before_the_factor_end(ines: User) -> None:
    elsewhere = operators.signed_in(ines)
    assert inside(elsewhere)
    operators.with_factor(ines)
    for address in (HOME, OWN, REMOVE, "/admin/runner/run/"):
        assert elsewhere.get(address)["Location"].startswith(LOGIN), address
    assert "_auth_user_id" not in elsewhere.session


def test_removing_and_renewing_take_a_code(ines: User) -> None:
    device, codes = operators.with_factor(ines)
    client = operators.signed_in(ines, text=operators.code(device))
    assert "Recovery codes left" in client.get(OWN).content.decode()
    for address in (CODES, REMOVE):
        assert client.get(address).status_code == 200
        assert client.post(address, {"code": operators.wrong_code(device)}).status_code == 200
        Authenticator.objects.update(throttling_failure_count=0)
    assert second_factor.is_set_up(ines)
    fresh = client.post(CODES, {"code": codes[0]}).context["codes"]
    assert client.post(REMOVE, {"code": fresh[0]})["Location"] == OWN
    assert not second_factor.is_set_up(ines) and inside(client)


def test_where_it_is_required_nothing_else_opens_before(ines: User, required: None) -> None:
    client = operators.signed_in(ines)
    for address in (HOME, "/admin/tenants/tenant/", "/admin/auth/user/", "/admin/password_change/"):
        assert client.get(address)["Location"] == OWN, address
        assert client.post(address)["Location"] == OWN, address
    text = client.get(OWN).content.decode()
    assert "lets nobody into the admin without" in text and "/admin/tenants/tenant/" not in text
    assert 'action="/admin/logout/"' in text
    client.post(OWN, {"password": PASSWORD})
    client.post(CONFIRM, {"code": operators.code(second_factor.begun(ines))})
    assert inside(client)
    assert client.post("/admin/logout/").status_code in (200, 302)


def test_who_is_nobody_gets_to_no_page_of_it(db: None) -> None:
    client = Client()
    for address in (OWN, CONFIRM, CODES, REMOVE):
        assert client.get(address)["Location"].startswith(LOGIN)
        assert client.post(address)["Location"].startswith(LOGIN)


def test_a_superuser_resets_the_factor_of_somebody_who_lost_theirs(ines: User, olga: Client) -> None:
    operators.with_factor(ines)
    page = f"/admin/auth/user/{ines.pk}/reset_factor/"
    assert page in olga.get(f"/admin/auth/user/{ines.pk}/change/").content.decode()
    assert "another channel" in olga.get(page).content.decode()
    olga.post(page, {"reason": ""})
    assert second_factor.is_set_up(ines)
    olga.post(page, {"reason": "she showed her badge"})
    assert inside(operators.signed_in(ines))
    told = AuditEvent.objects.filter(actor="operator:olga").values_list("action", "subject", "details")
    assert ("second_factor.removed", "ines", {}) in told
    assert ("operator.reset_factor", "ines", {"reason": "she showed her badge"}) in told


def test_nobody_else_resets_factors(ines: User, vera: Client) -> None:
    operators.with_factor(ines)
    page = f"/admin/auth/user/{ines.pk}/reset_factor/"
    assert vera.get(page).status_code == 403 and vera.post(page, {"reason": "x"}).status_code == 403
    assert second_factor.is_set_up(ines)


def test_no_page_of_the_apps_behind_it_is_served(olga: Client) -> None:
    for address in ("otp_totp/totpdevice/", "otp_static/staticdevice/", "axes/accessattempt/", "axes/accesslog/"):
        assert olga.get(f"/admin/{address}").status_code == 404
