"""A room's key: whether the caller holds it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hivemind.kit.api.responses import refusals
from rooms.api.serializers.responses import RoomKeyResponse
from rooms.api.views.base import ANY_ROLE, RoomApi
from rooms.models import Room
from rooms.selectors import keys
from rooms.selectors import rooms as selectors
from rooms.services import opening
from tenants.api.authentication import principal_of

_REFUSALS = refusals(400, 401, 403, 404, 409, 410)


class RoomKeyView(RoomApi):
    """GET /v1/rooms/{room_id}/key."""

    callers_of = {"GET": ANY_ROLE}

    @extend_schema(
        operation_id="rooms_key",
        summary="Tell whether the caller can open a room",
        responses={200: RoomKeyResponse, **_REFUSALS},
    )
    def get(self, request: Request, room_id: str) -> Response:
        """The state only: the key itself never leaves the service, and no process keeps it."""
        caller = principal_of(request)
        room = selectors.load(caller, room_id).room
        return Response(_status(room, opens=opening.can_open(caller, room)))


class RoomOpenView(RoomApi):
    """POST /v1/rooms/{room_id}/open."""

    callers_of = {"POST": ANY_ROLE}

    @extend_schema(
        operation_id="rooms_open",
        summary="Open a room, or learn why it stays sealed",
        request=None,
        responses={200: RoomKeyResponse, **_REFUSALS, **refusals(503)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """Open the room's key with the caller's bearer and forget it again."""
        caller = principal_of(request)
        room = selectors.load(caller, room_id).room
        opening.open_room_key(caller, room)
        return Response(_status(room, opens=True))


def _status(room: Room, *, opens: bool) -> dict[str, Any]:
    found = keys.counts(room)
    return {"room_id": room.pk, "open": opens, "wrap_count": found.wraps, "item_count": found.items}
