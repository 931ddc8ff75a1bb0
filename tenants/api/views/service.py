"""Is the service up, and what does it do."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from tenants.api import shapes
from tenants.api.authentication import principal_of
from tenants.api.permissions import Public, callers
from tenants.api.serializers import HealthResponse, HealthzResponse
from tenants.selectors import tables


class HealthzView(APIView):
    """GET /v1/healthz."""

    authentication_classes = ()
    permission_classes = (Public,)

    @extend_schema(operation_id="healthz", summary="Is the service up", auth=[], responses={200: HealthzResponse})
    def get(self, request: Request) -> Response:
        """Answered to anybody, without looking at the database."""
        return Response(shapes.healthz())


class HealthView(APIView):
    """GET /v1/health."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="health",
        summary="Settings that affect a tenant",
        responses={200: HealthResponse, **refusals(401, 403, 503)},
    )
    def get(self, request: Request) -> Response:
        """Guests are told the number of tables that their room allows."""
        return Response(shapes.health(table_count=tables.visible_count(principal_of(request))))
