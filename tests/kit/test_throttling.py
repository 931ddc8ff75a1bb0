"""Throttles in front of views: who is counted, what is answered, and what happens without Redis."""

import itertools
import json
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from hivemind.kit import conf
from hivemind.kit.api.throttling import RedeemThrottle, SignupThrottle, counting_failures
from hivemind.kit.errors import Unauthenticated
from tenants.api.permissions import OperatorKey, Public
from tests.factories.tenants import alice

NOBODY_LISTENS = "redis://127.0.0.1:9/0"
WRONG = "hmk_" + "x" * 43
ADMIN_KEY = "admin-key-of-the-tests"
_addresses = itertools.count(1)


class SignupView(APIView):
    """A public view that anybody may call."""

    authentication_classes = ()
    permission_classes = (Public,)
    throttle_classes = (SignupThrottle,)

    def post(self, request: Any) -> Response:
        return Response("reached")


class RedeemView(SignupView):
    """A view whose caller has a tenant, which the test puts there."""

    throttle_classes = (RedeemThrottle,)

    def perform_authentication(self, request: Any) -> None:
        tenant = types.SimpleNamespace(id=request.META["HTTP_X_TENANT"])
        request.user = types.SimpleNamespace(tenant=tenant)


class PayingView(SignupView):
    """A view that resolves one more credential."""

    throttle_classes = ()

    def post(self, request: Any) -> Response:
        with counting_failures(request):
            if request.META.get("HTTP_X_PAYER") == "wrong":
                raise Unauthenticated
        return Response("reached")


class OperatorView(SignupView):
    """An operator's view."""

    permission_classes = (OperatorKey,)
    throttle_classes = ()


@pytest.fixture
def address() -> str:
    """A client address that no other test of this session has."""
    number = next(_addresses)
    return f"10.66.{number // 250}.{number % 250 + 1}"


@pytest.fixture(autouse=True)
def rates() -> Iterator[None]:
    with conf.override("throttles", signup="2/hour", redeem="2/hour", failed_auth="3/minute"):
        yield


def post(view: type[APIView], address: str, **headers: str) -> Any:
    meta = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    response = view.as_view()(APIRequestFactory().post("/", REMOTE_ADDR=address, **meta))
    return response.render() if not response.is_rendered and hasattr(response, "accepted_renderer") else response


def whoami(address: str, bearer: str) -> Any:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return Client(raise_request_exception=False).get("/v1/whoami", REMOTE_ADDR=address, headers=headers)


def test_beyond_the_rate_the_answer_says_when_to_come_back(address: str) -> None:
    assert [post(SignupView, address).status_code for _ in range(2)] == [200, 200]
    refused = post(SignupView, address)
    assert (refused.status_code, json.loads(refused.content)) == (
        429,
        {"detail": "Too many requests", "code": "throttled"},
    )
    assert 3590 <= int(refused["Retry-After"]) <= 3600


def test_another_address_is_not_held_back(address: str) -> None:
    for _ in range(3):
        post(SignupView, address)
    assert post(SignupView, f"{address}9").status_code == 200


def test_an_ipv6_client_does_not_help_itself_with_more_of_its_addresses(address: str) -> None:
    prefix = f"2001:db8:{int(address.rsplit('.', 1)[1]):x}:1"
    answers = [post(SignupView, f"{prefix}::{last}").status_code for last in (1, 2, 3)]
    assert answers == [200, 200, 429]
    assert post(SignupView, prefix[:-1] + "2::1").status_code == 200


def test_a_client_behind_a_proxy_of_ours_is_counted_by_its_own_address(address: str) -> None:
    with conf.override("service", trusted_proxies="192.0.2.1"):
        answers = [
            post(SignupView, "192.0.2.1", x_forwarded_for=f"{n}.1.1.1, {address}").status_code for n in (1, 2, 3)
        ]
        assert answers == [200, 200, 429]
        assert post(SignupView, "192.0.2.1", x_forwarded_for=f"{address}8").status_code == 200


def test_what_a_client_says_about_its_own_address_does_not_count(address: str) -> None:
    answers = [post(SignupView, address, x_forwarded_for=f"{n}.1.1.1").status_code for n in (1, 2, 3)]
    assert answers == [200, 200, 429]


def test_a_tenant_is_counted_whichever_address_it_comes_from(address: str) -> None:
    answers = [post(RedeemView, f"{address}{n}", x_tenant=f"t_{address}").status_code for n in (1, 2, 3)]
    assert answers == [200, 200, 429]
    assert post(RedeemView, f"{address}1", x_tenant="t_other" + address).status_code == 200


def test_an_empty_rate_lets_everything_through_and_asks_no_redis(address: str) -> None:
    off = conf.override("throttles", signup="", failed_auth="")
    with off, override_settings(REDIS_URL=NOBODY_LISTENS):
        assert {post(SignupView, address).status_code for _ in range(5)} == {200}


def test_without_redis_what_is_throttled_is_closed(address: str) -> None:
    with override_settings(REDIS_URL=NOBODY_LISTENS):
        for view, headers in ((SignupView, {}), (RedeemView, {"x_tenant": "t_1"})):
            answer = post(view, address, **headers)
            assert (answer.status_code, answer.data["code"]) == (503, "counter_unavailable")


def test_refused_bearers_become_429_and_a_good_one_still_passes(db: None, address: str) -> None:
    person = alice()
    assert [whoami(address, WRONG).status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = whoami(address, "not even a token")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_failures")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert "WWW-Authenticate" not in refused.headers
    assert whoami(address, person.api_key).status_code == 200
    assert whoami(f"{address}7", WRONG).status_code == 401


def test_a_busy_good_client_and_one_without_a_bearer_are_never_throttled(db: None, address: str) -> None:
    person = alice()
    assert {whoami(address, person.api_key).status_code for _ in range(10)} == {200}
    assert {whoami(address, "").status_code for _ in range(10)} == {401}


def test_wrong_admin_keys_are_counted_with_wrong_bearers(db: None, address: str) -> None:
    with conf.override("service", admin_key=ADMIN_KEY):
        answers = [post(OperatorView, address, authorization=f"Bearer {n}").status_code for n in range(2)]
        assert [*answers, whoami(address, WRONG).status_code] == [401, 401, 401]
        assert post(OperatorView, address, authorization="Bearer \xff").status_code == 429
        assert post(OperatorView, address).status_code == 401
        assert post(OperatorView, address, authorization=f"Bearer {ADMIN_KEY}").status_code == 200


def test_where_no_admin_key_is_configured_nothing_was_guessed(address: str) -> None:
    assert {post(OperatorView, address, authorization="Bearer x").status_code for _ in range(5)} == {503}


def test_another_credential_of_a_request_is_counted_too(address: str) -> None:
    assert [post(PayingView, address, x_payer="wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert post(PayingView, address, x_payer="right").status_code == 200


def test_without_redis_a_refused_bearer_is_refused_as_ever(db: None, address: str) -> None:
    with override_settings(REDIS_URL=NOBODY_LISTENS):
        assert {whoami(address, WRONG).status_code for _ in range(5)} == {401}


def test_of_many_signups_at_once_no_more_get_through_than_the_rate_says(address: str) -> None:
    answers: list[int] = []
    start = threading.Barrier(12)

    def attempt() -> None:
        start.wait()
        answers.append(post(SignupView, address).status_code)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 2 + [429] * 10
