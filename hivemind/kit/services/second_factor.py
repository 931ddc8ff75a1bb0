"""Second factors of operators: an authenticator app, and recovery codes for the day it is lost.

Codes are compared with the row locked, so that one code is good for one sign-in, whoever is faster; after a wrong code
one has to wait, longer each time (both by django-otp). Of a recovery code only a digest is kept.
"""

import base64
import hashlib
import math
import re
import secrets
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor
from hivemind.kit.errors import Conflict, Invalid, Throttled
from hivemind.kit.models import Authenticator
from hivemind.kit.models.totp import Unreadable

SECRET_BYTES = 20
RECOVERY_CODES = 10
APP, RECOVERY = "app", "recovery code"
_APP_CODE = re.compile(r"[0-9]{6}")
_RECOVERY_CODE = re.compile(r"[a-z2-7]{16}")
_SEPARATORS = re.compile(r"[\s-]")


class WrongCode(Invalid):
    """The code is not the one that is good now, or was used already."""

    code = "wrong_code"
    sentence = "This code is not right, or was used already. Wait for the next one, and check the clock of the phone."


class TooManyCodes(Throttled):
    """A wrong code was sent a moment ago."""

    code = "too_many_codes"


class FactorUnreadable(Conflict):
    """The service's secret key is another one than when the second factor was set up."""

    code = "factor_unreadable"
    sentence = "The second factor cannot be read any more. A superuser has to reset it."


class NoFactor(Conflict):
    """There is nothing to check a code against."""

    code = "no_factor"
    sentence = "No second factor is being set up. Begin again."


class FactorExists(Conflict):
    """A second factor is in force; it has to go before another one comes."""

    code = "factor_exists"
    sentence = "A second factor is set up already. Remove it first."


@dataclass(frozen=True)
class Passed:
    """A code that was right: the device it belongs to, and what kind of code it was."""

    device: Device
    kind: str


@dataclass(frozen=True)
class RecoveryCodes:
    """Codes just made, shown once."""

    codes: tuple[str, ...] = field(repr=False)


def of(user: User) -> Authenticator | None:
    """The authenticator that is in force."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).order_by("id").first()
    return found


def begun(user: User) -> Authenticator | None:
    """The authenticator that is being set up."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=False).order_by("-id").first()
    return found


def is_set_up(user: User) -> bool:
    """Whether signing in takes a code."""
    return bool(Authenticator.objects.filter(user=user, confirmed=True).exists())


def codes_left(user: User) -> int:
    """How many recovery codes were not used yet."""
    return int(StaticToken.objects.filter(device__user=user, device__confirmed=True).count())


def begin(user: User, *, actor: Actor) -> Authenticator:
    """Make a secret that is in force once a code of it was shown. Raises FactorExists."""
    with transaction.atomic():
        _lock(user)
        if is_set_up(user):
            raise FactorExists
        Authenticator.objects.filter(user=user).delete()
        key = Authenticator.sealed(secrets.token_bytes(SECRET_BYTES), user_id=user.pk)
        device: Authenticator = Authenticator.objects.create(user=user, name=APP, key=key, confirmed=False)
        audit.record(actor, "second_factor.begun", user.get_username())
    return device


def confirm(user: User, text: str, *, actor: Actor) -> tuple[Passed, RecoveryCodes]:
    """Put what was begun into force, and make recovery codes. Raises NoFactor, WrongCode, TooManyCodes."""
    with transaction.atomic():
        _lock(user)
        device = Authenticator.objects.select_for_update().filter(user=user, confirmed=False).order_by("-id").first()
        if device is None or is_set_up(user):
            raise NoFactor
        refusal = _refusal(device, _app_code(_plain(text)))
        if refusal is None:
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            codes = _new_codes(user)
            audit.record(actor, "second_factor.set_up", user.get_username())
    if refusal is not None:
        raise refusal
    return Passed(device, APP), codes


def check(user: User, text: str, *, actor: Actor) -> Passed:
    """Use up a code of the app or a recovery code. Raises WrongCode, TooManyCodes, FactorUnreadable, NoFactor."""
    plain = _plain(text)
    recovery = _RECOVERY_CODE.fullmatch(plain) is not None
    with transaction.atomic():
        model = StaticDevice if recovery else Authenticator
        device = model.objects.select_for_update().filter(user=user, confirmed=True).order_by("id").first()
        if device is None:
            raise NoFactor
        refusal = _refusal(device, _digest(plain) if recovery else _app_code(plain))
        if refusal is None and recovery:
            audit.record(actor, "second_factor.recovery_code_used", user.get_username(), left=codes_left(user))
    if refusal is not None:
        raise refusal
    return Passed(device, RECOVERY if recovery else APP)


def renew_codes(user: User, *, actor: Actor) -> RecoveryCodes:
    """Make recovery codes in place of those that there are. Raises NoFactor."""
    with transaction.atomic():
        _lock(user)
        if not is_set_up(user):
            raise NoFactor
        codes = _new_codes(user)
        audit.record(actor, "second_factor.codes_renewed", user.get_username())
    return codes


def remove(user: User, *, actor: Actor) -> None:
    """Forget the app and the recovery codes; signing in takes the password alone. Raises NoFactor."""
    with transaction.atomic():
        _lock(user)
        removed, _ = Authenticator.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        if not removed:
            raise NoFactor
        audit.record(actor, "second_factor.removed", user.get_username())


def _refusal(device: Device, code: str) -> WrongCode | TooManyCodes | FactorUnreadable | None:
    """Why the code is refused. Returned, not raised: what counts the failures has to be committed."""
    allowed, why = device.verify_is_allowed()
    if not allowed:
        seconds = max(1, math.ceil((why["locked_until"] - clock.now()).total_seconds()))
        return TooManyCodes(f"Too many wrong codes. Wait {seconds} s and try again.", retry_after_seconds=seconds)
    try:
        return None if device.verify_token(code) else WrongCode()
    except Unreadable:
        return FactorUnreadable()


def _new_codes(user: User) -> RecoveryCodes:
    device, _ = StaticDevice.objects.get_or_create(user=user, name=RECOVERY, defaults={"confirmed": True})
    device.token_set.all().delete()
    plain = [_random_code() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=_digest(code)) for code in plain])
    return RecoveryCodes(tuple("-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in plain))


def _random_code() -> str:
    return base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()


def _digest(code: str) -> str:
    """Eighty bits, of a code that has eighty: as hard to guess, and nothing to be had from the table."""
    whole = hashlib.sha256(b"hivemind/recovery-code/v1:" + code.encode()).digest()
    return base64.b32encode(whole[:10]).decode("ascii").lower()


def _app_code(plain: str) -> str:
    """Six digits, or nothing: what is no code at all counts as a wrong one."""
    return plain if _APP_CODE.fullmatch(plain) else ""


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", text).lower()


def _lock(user: User) -> None:
    """One at a time changes the factors of an account."""
    User.objects.select_for_update().filter(pk=user.pk).first()
