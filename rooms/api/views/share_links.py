"""A room's share link, for its owner."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hivemind.kit.api.responses import refusals
from rooms.api import shapes
from rooms.api.origin import origin_of
from rooms.api.serializers.responses import ShareLinkResponse
from rooms.api.views.base import RoomApi
from rooms.selectors import rooms as selectors
from rooms.services import share_links
from rooms.services.share_links import Shared
from tenants.api.authentication import owner_of

_REFUSALS = refusals(400, 401, 403, 404, 409)


class ShareLinkView(RoomApi):
    """GET, POST and DELETE /v1/rooms/{room_id}/share-link."""

    callers_of = {"GET": ("owner",), "POST": ("owner",), "DELETE": ("owner",)}

    @extend_schema(
        operation_id="share_link_retrieve",
        summary="Tell whether a room has a share link",
        responses={200: ShareLinkResponse, **_REFUSALS},
    )
    def get(self, request: Request, room_id: str) -> Response:
        """Only the token's hash is stored, so token and link are null here; rotating shows a new link."""
        owner = owner_of(request)
        room = selectors.load(owner, room_id, need_tables=False).room
        link = share_links.find(room)
        return Response(shapes.share_link(room, Shared(link) if link else None))

    @extend_schema(
        operation_id="share_link_enable",
        summary="Give a room a share link",
        request=None,
        responses={200: ShareLinkResponse, **_REFUSALS, **refusals(410, 503)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """The link is shown when this call made it. When there was one already, nothing changes and none is shown."""
        owner = owner_of(request)
        room = selectors.load(owner, room_id).room
        origin = origin_of(request)
        return Response(shapes.share_link(room, share_links.enable(owner, room), origin))

    @extend_schema(
        operation_id="share_link_disable",
        summary="Take a room's share link away",
        responses={200: ShareLinkResponse, **_REFUSALS},
    )
    def delete(self, request: Request, room_id: str) -> Response:
        """Its holders are out at once. No link is fine."""
        owner = owner_of(request)
        room = selectors.load(owner, room_id, need_tables=False).room
        share_links.disable(room, actor=owner.actor)
        return Response(shapes.share_link(room, None))


class ShareLinkRotateView(RoomApi):
    """POST /v1/rooms/{room_id}/share-link/rotate."""

    callers_of = {"POST": ("owner",)}

    @extend_schema(
        operation_id="share_link_rotate",
        summary="Replace a room's share link",
        request=None,
        responses={200: ShareLinkResponse, **_REFUSALS, **refusals(410, 503)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """A new token; the old one is dead at once."""
        owner = owner_of(request)
        room = selectors.load(owner, room_id).room
        origin = origin_of(request)
        return Response(shapes.share_link(room, share_links.rotate(owner, room), origin))
