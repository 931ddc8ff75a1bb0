"""Who is asking, and what they may know of the tenant's tables."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from tenants.api import shapes
from tenants.api.authentication import principal_of
from tenants.api.permissions import callers
from tenants.api.serializers import SchemaResponse, WhoamiResponse
from tenants.selectors import identity, tables


class WhoamiView(APIView):
    """GET /v1/whoami."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(operation_id="whoami", summary="Who is asking", responses={200: WhoamiResponse, **refusals(401)})
    def get(self, request: Request) -> Response:
        """For a guest, tenant and name are those of the room's owner."""
        principal = principal_of(request)
        return Response(shapes.whoami(principal, sealed=identity.sealed(principal)))


class SchemaView(APIView):
    """GET /v1/admin/schema: in spite of its path not an operator's route."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="schema",
        summary="Tables and columns of the tenant's database",
        responses={200: SchemaResponse, **refusals(401, 503)},
    )
    def get(self, request: Request) -> Response:
        """Guests see the tables that their room allows and no others."""
        return Response({"schema": tables.visible_columns(principal_of(request))})
