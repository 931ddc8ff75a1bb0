"""Which builds of the service a room accepts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hivemind.kit.api.responses import refusals
from rooms.api import shapes
from rooms.api.serializers.responses import RoomTrustResponse
from rooms.api.serializers.room_requests import TrustUpdateRequest
from rooms.api.views.base import RoomApi
from rooms.selectors import rooms as selectors
from rooms.services import trust
from tenants.api.authentication import owner_of


class RoomTrustView(RoomApi):
    """POST /v1/rooms/{room_id}/trust."""

    callers_of = {"POST": ("owner",)}

    @extend_schema(
        operation_id="rooms_trust",
        summary="Change which builds a room accepts",
        request=TrustUpdateRequest,
        responses={200: RoomTrustResponse, **refusals(400, 401, 403, 404, 409, 410, 413, 422, 503)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """Sign the next version of the room. Links and invites keep working; the manifest's hash changes."""
        owner = owner_of(request)
        body = TrustUpdateRequest(data=request.data)
        body.is_valid(raise_exception=True)
        loaded = selectors.load(owner, room_id)
        updated = trust.update(owner, loaded, body.to_change())
        return Response({"room_id": room_id, "room": shapes.room(updated)})
