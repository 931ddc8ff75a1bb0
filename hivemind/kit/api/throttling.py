"""Throttles of the API, as classes of Django REST framework.

The rates are settings, read at every request; an empty one lets everything through. Beyond a rate the answer is a 429
with `Retry-After`. When Redis does not answer, what is throttled by a class of this module is refused with a 503,
because it would otherwise be open to guessing. Three things are not: refused credentials stay plain 401s, because the
credential was looked at already; what anybody may read stays readable; and operators, whose failures are counted in the
database as well, still get in to see what is wrong.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from hivemind.kit import windows
from hivemind.kit.addresses import client_address
from hivemind.kit.conf import conf
from hivemind.kit.errors import Throttled, Unauthenticated
from hivemind.settings.rates import Rate, parse_rate

log = logging.getLogger(__name__)


class TooManyFailures(Throttled):
    """Too many credentials from this address were refused lately, and this one was refused as well."""

    code = "too_many_failures"
    sentence = "Too many requests with invalid credentials came from this address"


class RateThrottle(BaseThrottle):
    """At most so many requests of one subject in a period. A subclass names its setting and tells subjects apart."""

    setting: ClassVar[str]
    seconds: float = 0.0

    def subject(self, request: Request) -> str:
        """Whose requests are counted together."""
        return network_of(request)

    def allow_request(self, request: Request, view: object) -> bool:
        """Count this request, unless the rate is used up. Raises CounterUnavailable."""
        rate = _rate(self.setting)
        if rate is not None:
            self.seconds = windows.take(f"{self.setting}:{self.subject(request)}", rate)
        return self.seconds == 0.0

    def wait(self) -> float:
        """Seconds until there is room for one more."""
        return self.seconds


class SignupThrottle(RateThrottle):
    """Signups, by client address. For `throttle_classes` of a public view."""

    setting = "signup"


class RedeemThrottle(RateThrottle):
    """Attempts to redeem a credit code, by tenant. For `throttle_classes` of a view whose caller has a tenant."""

    setting = "redeem"

    def subject(self, request: Request) -> str:
        """The tenant of the principal, whichever of its addresses it comes from."""
        principal: Any = request.user
        return str(principal.tenant.id)


class EvidenceThrottle(RateThrottle):
    """Quotes made for one request, by client address. Requests for evidence that was made before pass."""

    setting = "evidence"

    def allow_request(self, request: Request, view: object) -> bool:
        """Count this request if it wants a quote of its own. Raises CounterUnavailable."""
        wants_quote = "nonce" in request.query_params and bool(conf.evidence.mode)
        return not wants_quote or super().allow_request(request, view)


class PublicThrottle(RateThrottle):
    """Reads of signed words that anybody may have, by client address. For views that look at the database."""

    setting = "public"

    def allow_request(self, request: Request, view: object) -> bool:
        """Count this request. Without Redis it passes."""
        try:
            return super().allow_request(request, view)
        except windows.CounterUnavailable:
            log.exception("a public request could not be counted")
            return True


def seconds_until_sign_in(request: HttpRequest) -> float:
    """Count one password tried at the login page; how long its address has to wait instead, 0.0 when it need not.

    Without Redis nobody has to.
    """
    rate = _rate("sign_in")
    try:
        return windows.take(f"sign_in:{network_of(request)}", rate) if rate else 0.0
    except windows.CounterUnavailable:
        log.exception("a sign-in could not be counted")
        return 0.0


@contextmanager
def counting_failures(request: HttpRequest | Request) -> Iterator[None]:
    """Count what is refused within as a failed attempt of the client's address.

    Wrap it around the resolving of one credential that the request presents. Unauthenticated passes through until the
    rate is used up; from then on it becomes TooManyFailures. What is not refused is never counted and never throttled.
    """
    try:
        yield
    except Unauthenticated as refusal:
        _count_failure(request, refusal)
        raise


def network_of(request: HttpRequest | Request) -> str:
    """The client's address; of IPv6 the /64 network, all of which is one client's to choose from.

    Empty, and so the same for everybody, when the connection has no address.
    """
    text = client_address(request)
    if text and isinstance(ip_address(text), IPv6Address):
        return str(ip_network(f"{text}/64", strict=False))
    return text


def _count_failure(request: HttpRequest | Request, refusal: Unauthenticated) -> None:
    rate = _rate("failed_auth")
    if rate is None:
        return
    try:
        seconds = windows.take(f"failed_auth:{network_of(request)}", rate)
    except windows.CounterUnavailable:
        log.exception("a refused credential could not be counted")
        return
    if seconds:
        raise TooManyFailures(retry_after_seconds=seconds) from refusal


def _rate(setting: str) -> Rate | None:
    return parse_rate(getattr(conf.throttles, setting))
