"""Spend tokens: made, listed and revoked by the owner whose account they spend."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import shapes
from billing.api.serializers.queries import SpendTokensQuery
from billing.api.serializers.requests import SpendTokenRequest
from billing.api.serializers.responses import (
    SpendTokenMintedResponse,
    SpendTokenRevokedResponse,
    SpendTokensResponse,
)
from billing.api.views.base import NO_STORE
from billing.selectors import spend_tokens as selectors
from billing.services import spend_tokens
from hivemind.kit.api import pagination
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.authentication import owner_of
from tenants.api.permissions import callers


class SpendTokensView(APIView):
    """GET and POST /v1/billing/spend-tokens."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="spend_tokens_create",
        summary="Make a token that spends a little",
        request=SpendTokenRequest,
        responses={200: SpendTokenMintedResponse, **refusals(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request) -> Response:
        """It pays in X-Hivemind-Api-Key and can do nothing else. The limit may be above the balance."""
        owner = owner_of(request)
        body = SpendTokenRequest(data=request.data)
        body.is_valid(raise_exception=True)
        made = spend_tokens.mint(body.to_token(), owner=owner)
        return Response({**shapes.spend_token(made.token), "token": made.text}, headers=NO_STORE)

    @extend_schema(
        operation_id="spend_tokens_list",
        summary="List spend tokens, newest first",
        parameters=[SpendTokensQuery],
        responses={200: SpendTokensResponse, **refusals(401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """Revoked and expired ones are included."""
        query = parse(SpendTokensQuery, request.query_params)
        limit = pagination.clamp(query.get("limit"), default=100, highest=500)
        rows = selectors.of_account(owner_of(request).tenant.id)
        page = pagination.newest_first(rows, limit=limit, cursor=query.get("cursor"))
        return Response({"spend_tokens": [shapes.spend_token(row) for row in page.rows]}, headers=page.headers)


class SpendTokenView(APIView):
    """DELETE /v1/billing/spend-tokens/{token_id}."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="spend_tokens_revoke",
        summary="Revoke a spend token",
        responses={200: SpendTokenRevokedResponse, **refusals(401, 403, 404)},
    )
    def delete(self, request: Request, token_id: str) -> Response:
        """It pays for nothing more at once; what its runs hold is settled when they end."""
        owner = owner_of(request)
        spend_tokens.revoke(token_id, tenant_id=owner.tenant.id, actor=owner.actor)
        return Response({"status": "ok", "token_id": token_id})
