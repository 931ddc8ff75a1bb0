"""Middleware that attributes what a request changes to whoever sent it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from hivemind.kit import acting, bearers
from hivemind.kit.audit import Actor

PATH_CHARS = 300
READING = frozenset({"GET", "HEAD", "OPTIONS"})
ADMIN_API = "/v1/admin/"
BY_KEY = Actor.operator("admin key")


class AttributionMiddleware:
    """Stands behind whatever sets `request.user`; a principal of the API appears there when its bearer was read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Attribute what happens within."""
        if request.method in READING:
            return self.get_response(request)
        with acting.on_behalf(lambda: {"actor": actor_of(request), "path": _path(request)}):
            return self.get_response(request)


def actor_of(request: HttpRequest) -> str:
    """Who asks, as the trail names them; empty for nobody that is known."""
    user: Any = getattr(request, "user", None)
    actor = getattr(user, "actor", None)
    if isinstance(actor, Actor):
        return actor.name
    if getattr(user, "is_authenticated", False):
        return Actor.operator(user.get_username()).name
    return BY_KEY.name if request.path.startswith(ADMIN_API) else ""


def _path(request: HttpRequest) -> str:
    """The address without its question, and without anything that looks like a bearer."""
    return bearers.struck(request.path)[:PATH_CHARS]
