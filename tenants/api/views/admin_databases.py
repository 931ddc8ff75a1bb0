"""The operator's doings with tenants' databases."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api import shapes
from tenants.api.admin_serializers import (
    DatabaseRenamedResponse,
    DatabaseRenameRequest,
    NewTenantResponse,
    TenantRegisterRequest,
    UpkeepsResponse,
)
from tenants.api.permissions import BY_ADMIN_KEY, OperatorKey
from tenants.services import adoption, databases

NO_STORE = {"Cache-Control": "no-store"}


class RegisterTenantView(APIView):
    """POST /v1/admin/tenants/register."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_tenants_register",
        summary="Make a tenant of a database that is there already",
        request=TenantRegisterRequest,
        responses={200: NewTenantResponse, **refusals(400, 401, 409, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """The database and everything in it must be the service's; it becomes the tenant's, or stays as it was."""
        body = parse(TenantRegisterRequest, request.data)
        wanted = adoption.Registration(
            name=body["name"],
            database=body["db_name"],
            api_key=body["api_key"],
            tenant_id=body["tenant_id"],
            allow_duplicate_name=body["allow_duplicate_name"],
        )
        return Response(shapes.new_tenant(adoption.register(wanted, actor=BY_ADMIN_KEY)), headers=NO_STORE)


class RenameDatabaseView(APIView):
    """POST /v1/admin/rename-database."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_databases_rename",
        summary="Give a tenant's database another name",
        request=DatabaseRenameRequest,
        responses={200: DatabaseRenamedResponse, **refusals(400, 401, 404, 409, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """On the server and in the tenant's row together. Refused while anybody has a session in it."""
        body = parse(DatabaseRenameRequest, request.data)
        databases.rename(body["old_name"], body["new_name"], actor=BY_ADMIN_KEY)
        return Response({"status": "ok", "old_name": body["old_name"], "new_name": body["new_name"]})


class MigrateToRolesView(APIView):
    """POST /v1/admin/migrate-to-roles."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_databases_repair",
        summary="Check and repair the roles and grants of all tenants",
        request=None,
        responses={200: UpkeepsResponse, **refusals(401, 503)},
    )
    def post(self, request: Request) -> Response:
        """Every tenant has a role of its own already. Safe to repeat; a tenant with an error keeps nobody waiting."""
        results = [shapes.upkeep(found) for found in databases.repair_all(actor=BY_ADMIN_KEY)]
        return Response({"status": "ok", "results": results})
