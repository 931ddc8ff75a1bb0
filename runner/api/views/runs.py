"""Asking a room, and reading, listing and cancelling runs."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.selectors import builds
from hivemind.kit.api import pagination
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from hivemind.kit.api.throttling import counting_failures
from rooms.api.origin import origin_of
from runner.access.visibility import Reader
from runner.api import payer, shapes
from runner.api.serializers import RunCreateRequest, RunResponse, RunsQuery, RunSubmittedResponse
from runner.errors import OwnerOnlyFilter
from runner.models import Run
from runner.selectors import runs as selectors
from runner.services import requests, runs
from tenants.api.authentication import principal_of
from tenants.api.permissions import callers
from tenants.principals import Owner

NO_STORE = {"Cache-Control": "no-cache, no-store"}
PAYER = OpenApiParameter(
    "X-Hivemind-Api-Key",
    str,
    OpenApiParameter.HEADER,
    description="Who pays: a spend token of a tenant, or its owner key.",
)
IDEMPOTENCY = OpenApiParameter(
    "X-Hivemind-Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="12 to 64 hex digits; becomes the run id.",
)


def ask_of(request: Request, room_id: str) -> runs.Ask:
    """Who asks that room, and what the headers say about paying and repeating. Raises for a malformed key."""
    return runs.Ask(
        principal=principal_of(request),
        room_id=room_id,
        headers=request.headers,
        service=origin_of(request).service,
        idempotency_key=requests.idempotency_key(request.headers.get("X-Hivemind-Idempotency-Key")),
    )


class RoomRunsView(APIView):
    """POST /v1/rooms/{room_id}/runs."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="room_runs_create",
        summary="Ask a room",
        request=RunCreateRequest,
        parameters=[PAYER, IDEMPOTENCY],
        responses={200: RunSubmittedResponse, **refusals(400, 401, 402, 403, 404, 409, 410, 422, 503)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """Store the ask and answer at once; the run is polled at /v1/runs/{run_id}."""
        body = RunCreateRequest(data=request.data)
        body.is_valid(raise_exception=True)
        with counting_failures(request):
            done = runs.submit(ask_of(request, room_id), body.to_request())
        return Response(shapes.submitted(done.run, replayed=done.replayed))


class RunsView(APIView):
    """GET /v1/runs."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="runs_list",
        summary="List runs, newest first",
        parameters=[RunsQuery, PAYER],
        responses={200: RunResponse(many=True), **refusals(400, 401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """A bare array; the cursor of the next page is in X-Next-Cursor."""
        query = parse(RunsQuery, request.query_params)
        visible = selectors.visible_to(principal_of(request), payer=payer.named(request))
        if "token_id" in query:
            if not isinstance(principal_of(request), Owner):
                raise OwnerOnlyFilter
            visible = visible.filter(issuer_token_id__startswith=query["token_id"].lower())
        limit = pagination.clamp(query.get("limit"), default=20, highest=100)
        page = pagination.newest_first(visible, limit=limit, cursor=query.get("cursor"))
        reader = Reader(principal_of(request))
        return Response([shapes.run(row, reader) for row in page.rows], headers=page.headers | NO_STORE)


class RunView(APIView):
    """GET and DELETE /v1/runs/{run_id}."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="runs_retrieve",
        summary="Read a run",
        parameters=[PAYER],
        responses={200: RunResponse, **refusals(401, 403, 404)},
    )
    def get(self, request: Request, run_id: str) -> Response:
        """One run. The build of an uploaded agent is tracked here too."""
        tracked = builds.tracker(principal_of(request), run_id)
        if tracked is not None:
            return Response(tracked, headers=NO_STORE)
        row = self._row(request, run_id)
        return Response(shapes.single(row, Reader(principal_of(request))), headers=NO_STORE)

    @extend_schema(
        operation_id="runs_cancel",
        summary="Cancel a run",
        request=None,
        parameters=[PAYER],
        responses={200: RunResponse, **refusals(401, 403, 404, 409)},
    )
    def delete(self, request: Request, run_id: str) -> Response:
        """Stop a run that has not ended. A running one ends within a second or two: poll it."""
        row = runs.cancel(self._row(request, run_id), principal=principal_of(request))
        return Response(shapes.single(row, Reader(principal_of(request))), headers=NO_STORE)

    def _row(self, request: Request, run_id: str) -> Run:
        return selectors.get(principal_of(request), run_id, payer=payer.named(request))
