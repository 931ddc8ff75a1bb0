"""Second factors: codes are good once, guessing gets slower, and the database holds nothing to sign in with."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from hivemind.kit import clock
from hivemind.kit.audit import Actor
from hivemind.kit.models import AuditEvent, Authenticator
from hivemind.kit.services import second_factor
from hivemind.kit.services.second_factor import (
    FactorExists,
    FactorUnreadable,
    NoFactor,
    TooManyCodes,
    WrongCode,
)
from tests.factories import operators

OLGA = Actor.operator("olga")


@pytest.fixture
def olga(db: None) -> User:
    return operators.superuser()


def rested(device: Authenticator) -> None:
    """Long after the last wrong code."""
    for model in (Authenticator, StaticDevice):
        model.objects.update(throttling_failure_timestamp=clock.now() - timedelta(hours=1))


def test_a_factor_is_in_force_once_a_code_was_shown(olga: User) -> None:
    device = second_factor.begin(olga, actor=OLGA)
    assert not second_factor.is_set_up(olga)
    with pytest.raises(WrongCode):
        second_factor.confirm(olga, operators.wrong_code(device), actor=OLGA)
    assert not second_factor.is_set_up(olga)
    rested(device)
    passed, made = second_factor.confirm(olga, operators.code(device), actor=OLGA)
    assert second_factor.is_set_up(olga) and passed.device.confirmed
    assert len(set(made.codes)) == second_factor.codes_left(olga) == 10


def test_a_code_is_good_once(olga: User) -> None:
    device, _ = operators.with_factor(olga)
    text = operators.code(device)
    second_factor.check(olga, text, actor=OLGA)
    with pytest.raises(WrongCode):
        second_factor.check(olga, text, actor=OLGA)


def test_the_code_that_set_it_up_does_not_sign_in(olga: User) -> None:
    device = second_factor.begin(olga, actor=OLGA)
    text = operators.code(device)
    second_factor.confirm(olga, text, actor=OLGA)
    with pytest.raises(WrongCode):
        second_factor.check(olga, text, actor=OLGA)


def test_a_recovery_code_is_good_once_however_it_is_typed(olga: User) -> None:
    _, codes = operators.with_factor(olga)
    passed = second_factor.check(olga, codes[0].upper().replace("-", " "), actor=OLGA)
    assert passed.kind == second_factor.RECOVERY and second_factor.codes_left(olga) == 9
    with pytest.raises(WrongCode):
        second_factor.check(olga, codes[0], actor=OLGA)
    event = AuditEvent.objects.get(action="second_factor.recovery_code_used")
    assert event.details == {"left": 9}


def test_guessing_gets_slower(olga: User) -> None:
    device, codes = operators.with_factor(olga)
    for text, right in ((operators.wrong_code(device), operators.code(device)), ("a" * 16, codes[0])):
        with pytest.raises(WrongCode):
            second_factor.check(olga, text, actor=OLGA)
        with pytest.raises(TooManyCodes) as refusal:
            second_factor.check(olga, right, actor=OLGA)
        assert refusal.value.extra["retry_after_seconds"] == 1
    Authenticator.objects.update(throttling_failure_count=8)
    with pytest.raises(TooManyCodes) as refusal:
        second_factor.check(olga, operators.code(device), actor=OLGA)
    assert refusal.value.extra["retry_after_seconds"] > 100
    rested(device)
    second_factor.check(olga, operators.code(device), actor=OLGA)


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "+12345", "١٢٣٤٥٦", "null", "a" * 40])
def test_what_is_no_code_is_a_wrong_one(olga: User, text: str) -> None:
    operators.with_factor(olga)
    with pytest.raises(WrongCode):
        second_factor.check(olga, text, actor=OLGA)


def test_a_code_of_somebody_elses_app_is_wrong(olga: User) -> None:
    operators.with_factor(olga)
    other, codes = operators.with_factor(operators.superuser("ines"))
    for text in (operators.code(other), codes[0]):
        with pytest.raises(WrongCode):
            second_factor.check(olga, text, actor=OLGA)


def test_the_database_holds_no_secret_and_no_recovery_code_in_clear(olga: User) -> None:
    device, codes = operators.with_factor(olga)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM otp_totp_totpdevice")
        [(stored,)] = cursor.fetchall()
    assert device.bin_key.hex() not in stored and len(device.bin_key) == 20
    plain = {code.replace("-", "") for code in codes}
    assert not plain & set(StaticToken.objects.values_list("token", flat=True))


def test_a_secret_moved_to_another_account_cannot_be_read(olga: User) -> None:
    device, _ = operators.with_factor(olga)
    ines = operators.superuser("ines")
    Authenticator.objects.update(user=ines)
    with pytest.raises(FactorUnreadable):
        second_factor.check(ines, operators.code(device), actor=OLGA)


def test_a_changed_secret_key_makes_factors_unreadable_and_not_open(olga: User) -> None:
    device, _ = operators.with_factor(olga)
    text = operators.code(device)
    with override_settings(SECRET_KEY="another one"), pytest.raises(FactorUnreadable):
        second_factor.check(olga, text, actor=OLGA)


def test_new_codes_replace_the_old_ones(olga: User) -> None:
    _, old = operators.with_factor(olga)
    new = second_factor.renew_codes(olga, actor=OLGA).codes
    assert not set(old) & set(new) and second_factor.codes_left(olga) == 10
    with pytest.raises(WrongCode):
        second_factor.check(olga, old[0], actor=OLGA)


def test_what_was_removed_can_be_set_up_anew(olga: User) -> None:
    operators.with_factor(olga)
    with pytest.raises(FactorExists):
        second_factor.begin(olga, actor=OLGA)
    second_factor.remove(olga, actor=Actor.operator("ines"))
    assert not second_factor.is_set_up(olga) and second_factor.codes_left(olga) == 0
    for nothing in (second_factor.remove, second_factor.renew_codes):
        with pytest.raises(NoFactor):
            nothing(olga, actor=OLGA)
    operators.with_factor(olga)
    acts = list(AuditEvent.objects.order_by("id").values_list("action", "actor"))
    assert ("second_factor.removed", "operator:ines") in acts
    assert acts[:2] == [("second_factor.begun", OLGA.name), ("second_factor.set_up", OLGA.name)]


def test_beginning_again_forgets_the_first_secret(olga: User) -> None:
    first = second_factor.begin(olga, actor=OLGA)
    second = second_factor.begin(olga, actor=OLGA)
    assert Authenticator.objects.get().pk == second.pk
    with pytest.raises(WrongCode):
        second_factor.confirm(olga, operators.code(first), actor=OLGA)


def test_codes_are_not_printed(olga: User) -> None:
    operators.with_factor(olga)
    made = second_factor.renew_codes(olga, actor=OLGA)
    assert made.codes[0] not in repr(made)


def test_the_command_line_resets_a_factor(olga: User) -> None:
    operators.with_factor(olga)
    call_command("reset_second_factor", "olga")
    assert not second_factor.is_set_up(olga)
    assert AuditEvent.objects.get(action="second_factor.removed").actor == "system:reset_second_factor"
    for name, complaint in (("olga", "no second factor"), ("nobody", "no account")):
        with pytest.raises(CommandError, match=complaint):
            call_command("reset_second_factor", name)
