"""The signed end of a room."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from hivemind.kit.api.throttling import PublicThrottle
from rooms.api.serializers.responses import RoomRevocationResponse
from rooms.api.views.base import RoomApi
from rooms.selectors import revocations
from rooms.services import revoking
from tenants.api.authentication import owner_of
from tenants.api.permissions import Public


class RoomRevocationView(APIView):
    """GET /v1/rooms/{room_id}/revocation."""

    authentication_classes = ()
    permission_classes = (Public,)
    throttle_classes = (PublicThrottle,)

    @extend_schema(
        operation_id="rooms_revocation",
        summary="Read the signed statement that ended a room",
        auth=[],
        responses={200: RoomRevocationResponse, **refusals(404, 409, 429)},
    )
    def get(self, request: Request, room_id: str) -> Response:
        """Answered to anybody: whoever held an invite has no credential left that could ask."""
        return Response({"room_id": room_id, "revocation": revocations.find(room_id)})


class RoomRevocationSignView(RoomApi):
    """POST /v1/rooms/{room_id}/revocation/sign."""

    callers_of = {"POST": ("owner",)}

    @extend_schema(
        operation_id="rooms_revocation_sign",
        summary="Sign the end of a room that was ended without it",
        request=None,
        responses={200: RoomRevocationResponse, **refusals(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """For rooms that an operator ended, or that ended before ends were signed. The same statement ever after."""
        return Response({"room_id": room_id, "revocation": revoking.sign_later(owner_of(request), room_id)})
