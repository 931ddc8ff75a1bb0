"""Files of an agent's package."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import shapes
from agents.api.serializers import AgentFilesResponse
from agents.selectors import agents as selectors
from agents.services import reading
from hivemind.kit.api.responses import refusals
from tenants.api.authentication import principal_of
from tenants.api.permissions import callers


class AgentFilesView(APIView):
    """GET /v1/room-agents/{agent_id}/files."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="room_agents_files",
        summary="List an agent's files",
        responses={200: AgentFilesResponse, **refusals(401, 404)},
    )
    def get(self, request: Request, agent_id: str) -> Response:
        """Paths and sizes, of sealed agents too; never content."""
        agent = selectors.get(principal_of(request), agent_id)
        rows = agent.files.defer("sealed").order_by("path")
        return Response({"agent_id": agent.id, "files": [shapes.file_to_wire(row) for row in rows]})


class AgentFileView(APIView):
    """GET /v1/room-agents/{agent_id}/files/{path}."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="room_agents_file",
        summary="Read one file of an inspectable agent",
        responses={(200, "text/plain"): OpenApiTypes.STR, **refusals(401, 403, 404, 503)},
    )
    def get(self, request: Request, agent_id: str, path: str) -> HttpResponse:
        """The file's bytes. Refused for sealed agents, to their owner too."""
        agent = selectors.get(principal_of(request), agent_id)
        content = reading.read_file(agent, path, principal=principal_of(request))
        return HttpResponse(content, content_type="text/plain; charset=utf-8")
