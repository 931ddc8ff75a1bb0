"""Keeps sessions out of the admin that lack a second factor which their account has, or must have."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from hivemind.kit.conf import conf
from hivemind.kit.services import second_factor

OPEN = frozenset({"login", "logout"})


class SecondFactorMiddleware:
    """Stands behind `django_otp.middleware.OTPMiddleware`, which says whether a session showed a code."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the view has to be known first."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Send away whoever may not go on. Sessions from before the second factor was set up end here."""
        match = request.resolver_match
        if match is None or match.app_name not in ("admin", "access") or match.url_name in OPEN:
            return None
        user: Any = request.user
        if not user.is_authenticated or user.is_verified():
            return None
        if second_factor.is_set_up(user):
            logout(request)
            return HttpResponseRedirect(reverse("admin:login"))
        if conf.access.admin_require_otp and match.app_name == "admin":
            return HttpResponseRedirect(reverse("access:own"))
        return None
