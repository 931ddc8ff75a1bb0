"""Owner keys: rotate, and open a tenant that a reset sealed."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.authentication import owner_of
from tenants.api.permissions import callers
from tenants.api.serializers import NewKeyResponse, UnsealRequest, UnsealResponse
from tenants.services import api_keys

NO_STORE = {"Cache-Control": "no-store"}


class RotateKeyView(APIView):
    """POST /v1/tenant/rotate-key."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="tenant_rotate_key",
        summary="Replace the owner key",
        request=None,
        responses={200: NewKeyResponse, **refusals(401, 403, 503)},
    )
    def post(self, request: Request) -> Response:
        """The old key is dead at once; rooms, invites and links keep working."""
        new = api_keys.rotate(owner_of(request))
        return Response({"tenant_id": new.tenant.id, "api_key": new.api_key}, headers=NO_STORE)


class UnsealView(APIView):
    """POST /v1/tenant/unseal."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="tenant_unseal",
        summary="Open a tenant that a key reset sealed",
        request=UnsealRequest,
        responses={200: UnsealResponse, **refusals(400, 401, 403, 409, 422)},
    )
    def post(self, request: Request) -> Response:
        """Presents the owner key from before the reset, beside the present one as bearer."""
        body = parse(UnsealRequest, request.data)
        tenant = api_keys.unseal(owner_of(request), previous_key=body["previous_key"])
        return Response({"status": "ok", "tenant_id": tenant.id, "sealed": False})
