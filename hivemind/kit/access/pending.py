"""Between password and code: a session that is nobody's yet remembers for some minutes whose password was right."""

import time

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

SECONDS = 300
_KEY = "sign_in_pending"


def begin(request: HttpRequest, user: User, *, next_url: str) -> None:
    """Remember that the password of `user` was right, and where they were going."""
    request.session.flush()
    request.session[_KEY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "until": time.time() + SECONDS,
        "next": next_url,
    }


def person(request: HttpRequest) -> User | None:
    """Whose code is waited for; nobody after some minutes, or when the password was changed meanwhile."""
    told = request.session.get(_KEY)
    if not told or told["until"] < time.time():
        return None
    user = get_user_model().objects.filter(pk=told["user"], is_active=True).first()
    if user is None or not constant_time_compare(told["password"], user.get_session_auth_hash()):
        return None
    return user


def next_url(request: HttpRequest) -> str:
    """Where they were going."""
    return str(request.session.get(_KEY, {}).get("next", ""))


def forget(request: HttpRequest) -> None:
    """Wait for nobody."""
    request.session.pop(_KEY, None)
