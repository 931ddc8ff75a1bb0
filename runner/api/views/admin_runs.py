"""Runs of all tenants, for the operator."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.pagination import clamp
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from runner.api import admin_shapes
from runner.api.admin_serializers import AdminRunResponse, AdminRunsQuery, AdminRunsResponse
from runner.selectors import admin_runs
from tenants.api.permissions import OperatorKey

NO_STORE = {"Cache-Control": "no-cache, no-store"}


class AdminRunsView(APIView):
    """GET /v1/admin/runs."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_runs_list",
        summary="List the newest runs of all tenants",
        parameters=[AdminRunsQuery],
        responses={200: AdminRunsResponse, **refusals(400, 401, 422, 503)},
    )
    def get(self, request: Request) -> Response:
        """Filters come first, then the cut of each tenant, then the whole. The cuts hold for one page."""
        query = parse(AdminRunsQuery, request.query_params)
        wanted = admin_runs.Wanted(
            limit=clamp(query.get("limit") or None, default=200, highest=1000),
            per_tenant=clamp(query.get("per_tenant") or None, default=100, highest=500),
            tenant_id=query["tenant_id"],
            status=query["status"],
            billing_status=query["billing_status"],
            cursor=query.get("cursor", ""),
        )
        page = admin_runs.newest(wanted)
        return Response({"runs": [admin_shapes.run(row) for row in page.rows]}, headers=page.headers | NO_STORE)


class AdminRunView(APIView):
    """GET /v1/admin/runs/{run_id}."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_runs_retrieve",
        summary="Read a run of any tenant",
        responses={200: AdminRunResponse, **refusals(401, 404, 503)},
    )
    def get(self, request: Request, run_id: str) -> Response:
        """What was done and what it cost; never what was asked or answered."""
        return Response(admin_shapes.run(admin_runs.get(run_id)), headers=NO_STORE)
