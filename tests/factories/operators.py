"""Operators with an authenticator app, and the codes that the app shows."""

import time

from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp

from hivemind.kit.audit import Actor
from hivemind.kit.models import Authenticator
from hivemind.kit.services import second_factor

PASSWORD = "correct horse battery staple"
STEP_SECONDS = 30


def superuser(name: str = "olga") -> User:
    """Somebody who may do everything."""
    return User.objects.create_superuser(name, password=PASSWORD)


def code(device: Authenticator, *, later: int = 0) -> str:
    """What the app shows now, or `later` steps from now."""
    return f"{totp(device.bin_key, t0=-later * STEP_SECONDS):06d}"


def wrong_code(device: Authenticator) -> str:
    """Six digits that the app shows neither now nor a step away."""
    near = {code(device, later=steps) for steps in range(-3, 4)}
    return next(
        text
        for text in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
        if text not in near
    )


def with_factor(user: User) -> tuple[Authenticator, tuple[str, ...]]:
    """Set up a second factor as its owner would, with a code of some time ago; the app and the recovery codes."""
    actor = Actor.operator(user.get_username())
    device = second_factor.begin(user, actor=actor)
    _, made = second_factor.confirm(user, code(device), actor=actor)
    Authenticator.objects.filter(pk=device.pk).update(last_t=int(time.time()) // STEP_SECONDS - 2)
    return Authenticator.objects.get(pk=device.pk), made.codes


def signed_in(user: User, *, text: str = "") -> Client:
    """A browser that went through the pages, with `text` as the code where one is asked for."""
    client = Client()
    client.post("/admin/login/", {"username": user.get_username(), "password": PASSWORD})
    if text:
        client.post("/admin/login/code/", {"code": text})
    return client
