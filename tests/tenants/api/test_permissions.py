"""Who may call an operation: the default, the roles, the operator's key."""

import pytest
from django.test import Client
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from hivemind.kit import conf
from tenants.api.permissions import OperatorKey, callers
from tests.factories.tenants import alice

ADMIN_KEY = "an admin key with a ü"


class ForgottenView(APIView):
    """A view whose author named no callers."""

    def get(self, request) -> Response:
        return Response("reached")


class OperatorView(APIView):
    """An operator's view."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    def post(self, request) -> Response:
        return Response("reached")


class GuestsView(APIView):
    """A view for guests alone."""

    permission_classes = (callers("query", "share"),)

    def get(self, request) -> Response:
        return Response("reached")


def get(view, bearer: str):
    headers = {"HTTP_AUTHORIZATION": f"Bearer {bearer}"} if bearer else {}
    return view.as_view()(APIRequestFactory().get("/", **headers))


def operator(header: str | None):
    headers = {} if header is None else {"HTTP_AUTHORIZATION": header}
    return OperatorView.as_view()(APIRequestFactory().post("/", b"{", content_type="application/json", **headers))


def test_a_view_that_names_no_callers_is_closed_to_everybody(db):
    assert get(ForgottenView, "").status_code == 401
    assert get(ForgottenView, alice().api_key).status_code == 403


def test_a_role_that_is_not_named_is_denied(db):
    assert get(GuestsView, alice().api_key).status_code == 403


def test_without_a_configured_key_the_operators_routes_are_closed():
    for header in (None, "Bearer ", "Bearer x"):
        response = operator(header)
        assert (response.status_code, response.data["code"]) == (503, "admin_key_not_configured")


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer ", "Bearer wrong", "bearer " + ADMIN_KEY, "Bearer " + ADMIN_KEY, "Bearer \xff\xfe", "Bearer кл"],
)
def test_a_wrong_admin_key_is_a_401_whatever_its_bytes(header):
    with conf.override("service", admin_key=ADMIN_KEY):
        response = operator(header)
    assert (response.status_code, response.data["code"]) == (401, "admin_key_wrong")


def test_the_admin_key_is_compared_as_bytes():
    as_wsgi_decodes_it = ADMIN_KEY.encode().decode("latin-1")
    with conf.override("service", admin_key=ADMIN_KEY):
        assert operator(f"Bearer {as_wsgi_decodes_it}").status_code == 200


def test_an_owner_key_opens_no_operators_route(db):
    with conf.override("service", admin_key=ADMIN_KEY):
        assert operator(f"Bearer {alice().api_key}").status_code == 401


def test_healthz_is_public_and_ignores_bearers(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        for headers in ({}, {"Authorization": "Bearer stale"}):
            response = Client().get("/v1/healthz", headers=headers)
            assert response.json() == {
                "status": "ok",
                "version": "0.3.7",
                "features": ["client_nonce", "cancel", "share_links", "quotes", "spend_tokens", "query_agents"],
            }
