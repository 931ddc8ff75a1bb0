"""The operator's doings with tenants."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api import pagination
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from hivemind.kit.errors import Malformed
from tenants.api import shapes
from tenants.api.admin_serializers import (
    KeyResetRequest,
    KeyResetResponse,
    NewTenantResponse,
    TenantCreateRequest,
    TenantDeletedResponse,
    TenantRenameRequest,
    TenantResponse,
    TenantsQuery,
    TenantsResponse,
)
from tenants.api.permissions import BY_ADMIN_KEY, OperatorKey
from tenants.models import Tenant
from tenants.services import api_keys, tenants

NO_STORE = {"Cache-Control": "no-store"}
LONGEST_PAGE = 1000
NO_BODY = {"type": "missing", "loc": ["body"], "msg": "An object is required, even an empty one", "input": None}


class AdminTenantsView(APIView):
    """GET and POST /v1/admin/tenants."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_tenants_create",
        summary="Make a tenant",
        request=TenantCreateRequest,
        responses={200: NewTenantResponse, **refusals(400, 401, 409, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """With a database, an owner key and a seal of its own. The key is shown this once."""
        body = parse(TenantCreateRequest, request.data)
        new = tenants.create(body["name"], actor=BY_ADMIN_KEY, allow_duplicate_name=body["allow_duplicate_name"])
        return Response(shapes.new_tenant(new), headers=NO_STORE)

    @extend_schema(
        operation_id="admin_tenants_list",
        summary="List tenants, newest first",
        parameters=[TenantsQuery],
        responses={200: TenantsResponse, **refusals(400, 401, 422, 503)},
    )
    def get(self, request: Request) -> Response:
        """A thousand at a time; the cursor of the next page is in X-Next-Cursor."""
        query = parse(TenantsQuery, request.query_params)
        limit = pagination.clamp(query.get("limit"), default=LONGEST_PAGE, highest=LONGEST_PAGE)
        page = pagination.newest_first(Tenant.objects.all(), limit=limit, cursor=query.get("cursor"))
        return Response({"tenants": [shapes.tenant(row) for row in page.rows]}, headers=page.headers)


class AdminTenantView(APIView):
    """DELETE /v1/admin/tenants/{tenant_id}."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_tenants_delete",
        summary="Remove a tenant with its database",
        responses={200: TenantDeletedResponse, **refusals(401, 404, 503)},
    )
    def delete(self, request: Request, tenant_id: str) -> Response:
        """Its work is stopped first. Where the database remains, so does the tenant, suspended."""
        tenants.delete(tenant_id, actor=BY_ADMIN_KEY)
        return Response({"status": "ok", "tenant_id": tenant_id})


class ResetKeyView(APIView):
    """POST /v1/admin/tenants/{tenant_id}/reset-key."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_tenants_reset_key",
        summary="Give a tenant a fresh owner key",
        request=KeyResetRequest,
        responses={200: KeyResetResponse, **refusals(401, 404, 422, 503)},
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """The old key is dead at once. Without clear_seal the tenant is sealed until its owner presents the old key."""
        if request.stream is None:
            raise Malformed([NO_BODY])
        body = parse(KeyResetRequest, request.data)
        done = api_keys.reset(
            tenant_id,
            actor=BY_ADMIN_KEY,
            clear_seal=body["clear_seal"],
            revoke_capabilities=body["revoke_capabilities"],
        )
        return Response(shapes.reset_key(done), headers=NO_STORE)


class RenameTenantView(APIView):
    """POST /v1/admin/tenants/{tenant_id}/rename."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_tenants_rename",
        summary="Give a tenant another name",
        request=TenantRenameRequest,
        responses={200: TenantResponse, **refusals(400, 401, 404, 409, 422, 503)},
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Its present name changes nothing. The database keeps its own."""
        body = parse(TenantRenameRequest, request.data)
        tenant = tenants.rename(
            tenant_id, body["name"], actor=BY_ADMIN_KEY, allow_duplicate_name=body["allow_duplicate_name"]
        )
        return Response(shapes.tenant(tenant))
