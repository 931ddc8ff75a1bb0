"""Compose pins: which builds of the service an owner accepts."""

from collections.abc import Mapping

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from attestation.server.api import shapes
from attestation.server.api.serializers import (
    ComposePinRequest,
    ComposePinResponse,
    ComposePinRevokedResponse,
    ComposePinsQuery,
    ComposePinsResponse,
    ComposePinStoredResponse,
)
from attestation.server.selectors import pins as selectors
from attestation.server.services import pins
from hivemind.kit.api.parsers import BoundedJSONParser
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.authentication import owner_of, principal_of
from tenants.api.permissions import callers
from tenants.principals import Role

_READERS: tuple[Role, ...] = ("owner", "query")


class PinApi(APIView):
    """Pins are read by the owner and by invited guests; only the owner changes them."""

    parser_classes = [BoundedJSONParser]
    http_method_names = ["get", "head", "post", "delete"]

    def get_permissions(self) -> list[BasePermission]:
        """The callers of the method at hand."""
        reads = self.request.method in ("GET", "HEAD")
        return [callers(*(_READERS if reads else ("owner",)))()]


class ComposePinView(PinApi):
    """GET and POST /v1/tenants/compose-pin."""

    @extend_schema(
        operation_id="compose_pins_create",
        summary="Keep a signed compose pin",
        request=ComposePinRequest,
        responses={200: ComposePinStoredResponse, **refusals(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """The signature must be the owner's. The same pin twice is one; a revoked one stays revoked and is refused."""
        body: object = request.data
        envelope = body.get("envelope") if isinstance(body, Mapping) else None
        return Response(shapes.stored(pins.store(owner_of(request), envelope)))

    @extend_schema(
        operation_id="compose_pins_latest",
        summary="Read the newest compose pin in force",
        parameters=[ComposePinsQuery],
        responses={200: ComposePinResponse, **refusals(401, 403, 404, 422)},
    )
    def get(self, request: Request) -> Response:
        """Neither revoked nor expired. A guest is told about pins for every agent and for the room's scope agent."""
        asked = parse(ComposePinsQuery, request.query_params)
        return Response(shapes.dated(selectors.latest(principal_of(request), **asked)))


class ComposePinListView(PinApi):
    """GET /v1/tenants/compose-pin/list."""

    @extend_schema(
        operation_id="compose_pins_list",
        summary="List compose pins, newest first",
        parameters=[ComposePinsQuery],
        responses={200: ComposePinsResponse, **refusals(401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """Revoked and expired ones are included."""
        asked = parse(ComposePinsQuery, request.query_params)
        return Response({"pins": [shapes.listed(pin) for pin in selectors.visible(principal_of(request), **asked)]})


class RevokeComposePinView(PinApi):
    """DELETE /v1/tenants/compose-pin/{pin_id}."""

    @extend_schema(
        operation_id="compose_pins_revoke",
        summary="Revoke a compose pin",
        responses={200: ComposePinRevokedResponse, **refusals(401, 403, 404)},
    )
    def delete(self, request: Request, pin_id: str) -> Response:
        """For good: the same pin is not taken again."""
        pins.revoke(owner_of(request), pin_id)
        return Response({"status": "ok", "pin_id": pin_id})
