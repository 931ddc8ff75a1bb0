"""What django-axes asks of us: whose failures are counted together, and the page for somebody who is locked out."""

import math
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib import admin
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from hivemind.kit import clock
from hivemind.kit.addresses import client_address
from hivemind.kit.api.throttling import network_of
from hivemind.kit.services import sign_ins

# Where a connection has no address, as on a Unix socket, all clients are one.
NO_ADDRESS = "::"


def counted_address(request: HttpRequest) -> str:
    """The address whose failures are counted: the client's, or the first one of its network of IPv6."""
    return network_of(request).partition("/")[0] or NO_ADDRESS


def locked_page(request: HttpRequest, response: HttpResponse | None, credentials: Any = None) -> HttpResponse:
    """Say until when, and what can be done."""
    name = str((credentials or {}).get("username", ""))
    until = sign_ins.locked_until(name, counted_address(request))
    seconds = max(1, math.ceil((until - clock.now()).total_seconds()))
    context = {
        **admin.site.each_context(request),
        "title": "Locked",
        "until": until,
        "minutes": math.ceil(seconds / 60),
        "failures": settings.AXES_FAILURE_LIMIT,
    }
    page = TemplateResponse(request, "hivemind/admin/locked.html", context, status=429)
    page["Retry-After"] = str(seconds)
    return page.render()


def hurried_page(request: HttpRequest, *, seconds: float) -> HttpResponse:
    """Say how long an address has to wait that tried too many passwords, for whichever accounts."""
    wait = math.ceil(seconds)
    context = {**admin.site.each_context(request), "title": "Too many attempts", "seconds": wait}
    page = TemplateResponse(request, "hivemind/admin/hurried.html", context, status=429)
    page["Retry-After"] = str(wait)
    return page.render()


@receiver(user_locked_out)
def _tell(request: HttpRequest, username: str, **_: Any) -> None:
    """Tell the trail, once: what is refused while locked counts no failures."""
    if getattr(request, "axes_failures_since_start", None) is not None:
        sign_ins.record_lockout(username, address=client_address(request))
