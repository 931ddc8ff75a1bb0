"""Uploading, listing, reading and deleting agents."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.access import permissions
from agents.api import shapes
from agents.api.multipart import ArchiveParser
from agents.api.serializers import (
    AgentAttestationResponse,
    AgentResponse,
    AgentsQuery,
    AgentUploadedResponse,
    AgentUploadRequest,
    StatusResponse,
)
from agents.selectors import agents as selectors
from agents.services import removal, uploads
from attestation.server.services import evidence
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.authentication import owner_of, principal_of
from tenants.api.permissions import Callers, callers


class AgentsView(APIView):
    """GET and POST /v1/room-agents."""

    parser_classes = (ArchiveParser,)

    def get_permissions(self) -> list[Callers]:
        """Guests may list, owners may upload."""
        roles = ("owner",) if self.request.method == "POST" else ("owner", "query", "share")
        return [callers(*roles)()]

    @extend_schema(
        operation_id="room_agents_create",
        summary="Upload an agent",
        request={"multipart/form-data": AgentUploadRequest},
        responses={200: AgentUploadedResponse, **refusals(400, 401, 403, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """Store the package and have its image built; the build is polled at /v1/runs/{run_id}."""
        form = AgentUploadRequest(data=request.data)
        form.is_valid(raise_exception=True)
        done = uploads.upload(owner_of(request), form.to_package(), form.validated_data["archive"])
        return Response({"agent_id": done.agent.id, "run_id": done.build.id, "status": done.build.status})

    @extend_schema(
        operation_id="room_agents_list",
        summary="List agents, newest first",
        parameters=[AgentsQuery],
        responses={200: AgentResponse(many=True), **refusals(401, 422)},
    )
    def get(self, request: Request) -> Response:
        """A bare array."""
        query = parse(AgentsQuery, request.query_params)
        visible = selectors.visible_to(principal_of(request))
        if query.get("type"):
            visible = visible.filter(agent_type=query["type"])
        return Response([shapes.agent_to_wire(agent) for agent in visible])


class AgentView(APIView):
    """GET and DELETE /v1/room-agents/{agent_id}."""

    def get_permissions(self) -> list[Callers]:
        """Guests may read, owners may delete."""
        roles = ("owner", "query") if self.request.method == "DELETE" else ("owner", "query", "share")
        return [callers(*roles)()]

    @extend_schema(
        operation_id="room_agents_retrieve",
        summary="Read an agent",
        responses={200: AgentResponse, **refusals(401, 404)},
    )
    def get(self, request: Request, agent_id: str) -> Response:
        """The agent as registered."""
        return Response(shapes.agent_to_wire(selectors.get(principal_of(request), agent_id)))

    @extend_schema(
        operation_id="room_agents_delete",
        summary="Delete an agent",
        responses={200: StatusResponse, **refusals(401, 403, 404, 409)},
    )
    def delete(self, request: Request, agent_id: str) -> Response:
        """Refused while a room in force names it or a run uses it. A guest may delete what it brought."""
        principal = principal_of(request)
        agent = selectors.get(principal, agent_id)
        permissions.check_may_delete(principal, agent)
        removal.delete(agent, actor=principal.actor)
        return Response({"status": "ok"})


class AgentAttestView(APIView):
    """GET /v1/room-agents/{agent_id}/attest."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="room_agents_attest",
        summary="Digests of an agent, with the service's evidence",
        responses={200: AgentAttestationResponse, **refusals(401, 404)},
    )
    def get(self, request: Request, agent_id: str) -> Response:
        """Digests were fixed at upload: no key is needed to read them."""
        agent = selectors.get(principal_of(request), agent_id)
        return Response(shapes.agent_attestation(agent, evidence.bundle()))
