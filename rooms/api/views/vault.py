"""A room's vault, for its owner."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hivemind.kit.api.responses import refusals
from rooms.api import shapes
from rooms.api.serializers.responses import VaultAddedResponse, VaultDeletedResponse, VaultResponse
from rooms.api.serializers.vault_requests import VaultAddRequest
from rooms.api.views.base import RoomApi
from rooms.selectors import rooms as selectors
from rooms.services import vault
from tenants.api.authentication import owner_of

_REFUSALS = refusals(400, 401, 403, 404, 409, 410, 503)


class RoomDataView(RoomApi):
    """GET and POST /v1/rooms/{room_id}/data."""

    callers_of = {"GET": ("owner",), "POST": ("owner",)}

    @extend_schema(
        operation_id="room_data_add",
        summary="Add an item to a room's vault",
        request=VaultAddRequest,
        responses={200: VaultAddedResponse, **_REFUSALS, **refusals(413, 422)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """Text and metadata are sealed together under the room's key."""
        owner = owner_of(request)
        body = VaultAddRequest(data=request.data)
        body.is_valid(raise_exception=True)
        room = selectors.load(owner, room_id).room
        return Response(shapes.added(room.pk, vault.add(owner, room, body.to_item())))

    @extend_schema(
        operation_id="room_data_list",
        summary="Read a room's vault",
        responses={200: VaultResponse, **_REFUSALS},
    )
    def get(self, request: Request, room_id: str) -> Response:
        """All items, oldest first."""
        owner = owner_of(request)
        room = selectors.load(owner, room_id).room
        return Response({"items": [shapes.item(room.pk, e) for e in vault.items_for(owner, room)]})


class RoomDataItemView(RoomApi):
    """DELETE /v1/rooms/{room_id}/data/{item_id}."""

    callers_of = {"DELETE": ("owner",)}

    @extend_schema(
        operation_id="room_data_delete",
        summary="Delete an item of a room's vault",
        responses={200: VaultDeletedResponse, **_REFUSALS},
    )
    def delete(self, request: Request, room_id: str, item_id: str) -> Response:
        """The item is gone for good."""
        owner = owner_of(request)
        room = selectors.load(owner, room_id).room
        vault.delete(owner, room, item_id)
        return Response({"status": "ok", "room_id": room.pk, "item_id": item_id})
