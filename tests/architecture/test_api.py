"""Every operation names its callers; nothing is open because somebody forgot."""

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from tenants.api.permissions import Callers, Nobody, OperatorKey, Public
from tests.contract.routes import Operation, operations

PUBLIC = {
    "GET /v1/healthz",
    "GET /v1/attestation",
    "GET /v1/rooms/{room_id}/revocation",  # whoever held an invite has no credential left that could ask
    "POST /v1/signup",
}


def permissions(operation: Operation) -> list[object]:
    view = operation.view()
    request = APIRequestFactory().generic(operation.method.upper(), operation.path)
    view.request = Request(request)
    return list(view.get_permissions())


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_an_operation_names_its_callers(operation: Operation) -> None:
    asked = permissions(operation)
    assert asked, "no permission means that anybody may call it"
    for permission in asked:
        assert isinstance(permission, (Callers, OperatorKey, Public)), permission
        assert not isinstance(permission, Nobody)
        assert not isinstance(permission, Callers) or permission.roles, "nobody could call it"


def test_only_what_is_listed_is_public() -> None:
    found = {str(each) for each in operations() if any(isinstance(p, Public) for p in permissions(each))}
    assert found == PUBLIC


def test_what_asks_for_the_admin_key_resolves_no_bearer() -> None:
    for operation in operations():
        if any(isinstance(permission, OperatorKey) for permission in permissions(operation)):
            assert operation.view.authentication_classes == (), operation


def test_whoever_is_not_the_owner_may_only_read_open_and_ask() -> None:
    for operation in operations():
        guests = {role for p in permissions(operation) if isinstance(p, Callers) for role in p.roles} - {"owner"}
        if guests and operation.method != "get":
            assert str(operation) in {
                "POST /v1/rooms/{room_id}/open",
                "POST /v1/rooms/{room_id}/quote",
                "POST /v1/rooms/{room_id}/runs",
                "POST /v1/rooms/{room_id}/query-agents",
                "DELETE /v1/runs/{run_id}",
                "DELETE /v1/room-agents/{agent_id}",  # what they brought themselves
            }
