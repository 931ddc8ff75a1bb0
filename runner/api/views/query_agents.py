"""Asking a room with a query agent of one's own."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api.multipart import ArchiveParser
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.throttling import counting_failures
from runner.api import shapes
from runner.api.query_agents import QueryAgentRequest, QueryAgentResponse
from runner.api.views.runs import IDEMPOTENCY, PAYER, ask_of
from runner.services import bringing
from runner.services.bringing import Brought
from tenants.api.permissions import callers


class RoomQueryAgentsView(APIView):
    """POST /v1/rooms/{room_id}/query-agents."""

    parser_classes = (ArchiveParser,)
    permission_classes = (callers("owner", "query"),)

    @extend_schema(
        operation_id="room_query_agents_create",
        summary="Ask a room with a query agent of one's own",
        request={"multipart/form-data": QueryAgentRequest},
        parameters=[PAYER, IDEMPOTENCY],
        responses={200: QueryAgentResponse, **refusals(400, 401, 402, 403, 404, 409, 410, 422, 503)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """Store the package, build it and run it, in one run that is polled at /v1/runs/{run_id}."""
        form = QueryAgentRequest(data=request.data)
        form.is_valid(raise_exception=True)
        archive = form.validated_data["archive"]
        brought = Brought(form.to_package(), archive, policy=form.validated_data["policy"])
        with counting_failures(request):
            done = bringing.submit(ask_of(request, room_id), form.to_request(), brought)
        return Response(shapes.brought(done.run, replayed=done.replayed))
