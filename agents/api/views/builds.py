"""The build of an agent's image, for whoever uploaded it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import shapes
from agents.api.serializers import AgentBuildResponse
from agents.selectors import agents as selectors
from agents.services import reading
from hivemind.kit.api.responses import refusals
from tenants.api.authentication import principal_of
from tenants.api.permissions import callers

NO_STORE = {"Cache-Control": "no-cache, no-store"}


class AgentBuildView(APIView):
    """GET /v1/room-agents/{agent_id}/build."""

    permission_classes = (callers("owner", "query"),)

    @extend_schema(
        operation_id="room_agents_build",
        summary="Read the log of an agent's newest build",
        responses={200: AgentBuildResponse, **refusals(401, 403, 404, 503)},
    )
    def get(self, request: Request, agent_id: str) -> Response:
        """State and log, for the uploader alone. The log comes when the build has ended."""
        principal = principal_of(request)
        told = reading.read_build(selectors.get(principal, agent_id), principal=principal)
        return Response(shapes.build_to_wire(told), headers=NO_STORE)
