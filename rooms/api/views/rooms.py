"""Rooms: make, list, read, attest, revoke."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from attestation.server.services import evidence
from hivemind.kit.api import pagination
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from rooms.api import shapes
from rooms.api.origin import origin_of
from rooms.api.serializers.responses import (
    RoomAttestResponse,
    RoomCreatedResponse,
    RoomResponse,
    RoomRevokedResponse,
    RoomsResponse,
)
from rooms.api.serializers.room_requests import RoomCreateRequest, RoomsQuery
from rooms.api.views.base import ANY_ROLE, RoomApi
from rooms.selectors import agents
from rooms.selectors import rooms as selectors
from rooms.services import rooms
from tenants.api.authentication import owner_of, principal_of
from tenants.principals import Owner


class RoomsView(RoomApi):
    """GET and POST /v1/rooms."""

    callers_of = {"GET": ANY_ROLE, "POST": ("owner",)}

    @extend_schema(
        operation_id="rooms_create",
        summary="Make a room",
        request=RoomCreateRequest,
        responses={200: RoomCreatedResponse, **refusals(400, 401, 403, 404, 413, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """Sign the rules and make the room's key, its vault and its one invite."""
        owner = owner_of(request)
        body = RoomCreateRequest(data=request.data)
        body.is_valid(raise_exception=True)
        origin = origin_of(request)
        return Response(shapes.created(rooms.create(owner, body.to_request()), origin))

    @extend_schema(
        operation_id="rooms_list",
        summary="List rooms, newest first",
        parameters=[RoomsQuery],
        responses={200: RoomsResponse, **refusals(400, 401, 403, 404, 409, 422)},
    )
    def get(self, request: Request) -> Response:
        """An owner's rooms, revoked ones included; a guest's one room. The next page's cursor is in X-Next-Cursor."""
        caller = principal_of(request)
        query = parse(RoomsQuery, request.query_params)
        if not isinstance(caller, Owner):
            own = selectors.load(caller, caller.room_id, need_tables=False)
            return Response({"rooms": [shapes.room(own)]})
        limit = pagination.clamp(query.get("limit"), default=50, highest=100)
        page = selectors.page(caller, limit=limit, cursor=query.get("cursor"))
        found = selectors.verified_or_damaged(page.rows)
        return Response({"rooms": [shapes.listed(each) for each in found]}, headers=page.headers)


class RoomView(RoomApi):
    """GET and DELETE /v1/rooms/{room_id}."""

    callers_of = {"GET": ANY_ROLE, "DELETE": ("owner",)}

    @extend_schema(
        operation_id="rooms_retrieve",
        summary="Read a room",
        responses={200: RoomResponse, **refusals(400, 401, 403, 404, 409)},
    )
    def get(self, request: Request, room_id: str) -> Response:
        """One room with its signed envelope; a revoked one too."""
        caller = principal_of(request)
        loaded = selectors.load(caller, room_id, allow_revoked=True, need_tables=False)
        return Response(shapes.room(loaded))

    @extend_schema(
        operation_id="rooms_revoke",
        summary="Revoke a room",
        responses={200: RoomRevokedResponse, **refusals(400, 401, 403, 404)},
    )
    def delete(self, request: Request, room_id: str) -> Response:
        """Revoke its invites and share link and stop its running work. Data and runs stay."""
        owner = owner_of(request)
        revoked = rooms.revoke(owner, room_id)
        return Response(
            {
                "status": "ok",
                "room_id": room_id,
                "invites_revoked": revoked.invites_revoked,
                "share_link_disabled": revoked.share_link_disabled,
            }
            | shapes.ended(revoked.revocation)
        )


class RoomAttestView(RoomApi):
    """GET /v1/rooms/{room_id}/attest."""

    callers_of = {"GET": ANY_ROLE}

    @extend_schema(
        operation_id="rooms_attest",
        summary="Read a room with everything to verify",
        responses={200: RoomAttestResponse, **refusals(400, 401, 403, 404, 409, 410)},
    )
    def get(self, request: Request, room_id: str) -> Response:
        """The signed room, the digests of its agents, and the service's evidence."""
        caller = principal_of(request)
        loaded = selectors.load(caller, room_id)
        return Response(shapes.attest(loaded, agents.named_by(loaded), evidence.bundle()))
