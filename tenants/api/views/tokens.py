"""Tokens that the owner gave away."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from tenants import capabilities
from tenants.api.authentication import owner_of
from tenants.api.permissions import callers
from tenants.api.serializers import TokenRevokedResponse, TokensResponse
from tenants.services import tokens


class TokensView(APIView):
    """GET /v1/tenant/tokens."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="tenant_tokens_list",
        summary="List tokens given away, newest first",
        responses={200: TokensResponse, **refusals(401, 403)},
    )
    def get(self, request: Request) -> Response:
        """Revoked ones are included."""
        return Response({"tokens": capabilities.listed(owner_of(request).tenant)})


class TokenView(APIView):
    """DELETE /v1/tenant/tokens/{token_id}."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="tenant_tokens_revoke",
        summary="Revoke a token",
        responses={200: TokenRevokedResponse, **refusals(400, 401, 403, 404, 409)},
    )
    def delete(self, request: Request, token_id: str) -> Response:
        """Six characters of the id are enough when only one live token begins so."""
        tokens.revoke(owner_of(request), token_id)
        return Response({"status": "ok", "token_id": token_id})
