"""Authentication of /v1: a bearer becomes a principal before anything of the body is read."""

from typing import Literal

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from hivemind.kit.api.throttling import counting_failures
from hivemind.kit.errors import Denied, Unauthenticated
from tenants.credentials import registry
from tenants.principals import Owner, Principal, RoomGuest

SCHEME = "Bearer "


def bearer_text(request: Request) -> str:
    """What follows `Bearer ` (exactly so written), trimmed; empty when there is no such header."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    return header[len(SCHEME) :].strip() if header.startswith(SCHEME) else ""


class BearerAuthentication(BaseAuthentication):
    """`request.user` becomes the Principal.

    Raises Unauthenticated when there is none, TooManyFailures when that happened too often; no challenge header is
    sent.
    """

    def authenticate(self, request: Request) -> tuple[Principal, None]:
        """Resolve the bearer of this request."""
        text = bearer_text(request)
        if not text:
            raise Unauthenticated
        with counting_failures(request):
            return registry.resolve(text), None

    def authenticate_header(self, request: Request) -> Literal[""]:
        """No WWW-Authenticate: clients of the protocol know where tokens come from."""
        return ""


def principal_of(request: Request) -> Principal:
    """Who is asking. Raises Unauthenticated when the view resolved nobody."""
    user: object = request.user
    if isinstance(user, Owner | RoomGuest):
        return user
    raise Unauthenticated


def owner_of(request: Request) -> Owner:
    """The owner who is asking. Raises Unauthenticated, or Denied for a guest."""
    principal = principal_of(request)
    if isinstance(principal, Owner):
        return principal
    raise Denied
