"""The owner's SQL."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.authentication import owner_of
from tenants.api.permissions import callers
from tenants.api.serializers import SqlRequest, SqlResponse
from tenants.services import sql


class SqlView(APIView):
    """POST /v1/tenant/sql."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="tenant_sql",
        summary="Run SQL in the tenant's own database",
        request=SqlRequest,
        responses={200: SqlResponse, **refusals(400, 401, 403, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """One transaction. With `params` one statement with %s placeholders, without them any number."""
        body = parse(SqlRequest, request.data)
        answer = sql.run(owner_of(request), body["sql"], params=body.get("params", []))
        return Response({"rows": answer.rows, "rowcount": answer.rowcount})
