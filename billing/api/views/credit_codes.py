"""Credit codes, for the operator."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import shapes
from billing.api.serializers.queries import CreditCodesQuery
from billing.api.serializers.requests import CreditCodeRequest
from billing.api.serializers.responses import (
    CreditCodeMintedResponse,
    CreditCodeRevokedResponse,
    CreditCodesResponse,
)
from billing.api.views.base import NO_STORE, OperatorApi
from billing.selectors import codes
from billing.services import credit_codes
from hivemind.kit.api import pagination
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.permissions import BY_ADMIN_KEY


class CreditCodesView(OperatorApi):
    """GET and POST /v1/admin/credit-codes."""

    @extend_schema(
        operation_id="admin_credit_codes_create",
        summary="Mint a credit code",
        request=CreditCodeRequest,
        responses={200: CreditCodeMintedResponse, **refusals(400, 401, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """The code is in this answer alone."""
        body = CreditCodeRequest(data=request.data)
        body.is_valid(raise_exception=True)
        made = credit_codes.mint(body.to_code(), actor=BY_ADMIN_KEY)
        return Response({**shapes.credit_code(made.code), "code": made.text}, headers=NO_STORE)

    @extend_schema(
        operation_id="admin_credit_codes_list",
        summary="List credit codes, newest first",
        parameters=[CreditCodesQuery],
        responses={200: CreditCodesResponse, **refusals(401, 422, 503)},
    )
    def get(self, request: Request) -> Response:
        """Without revoked ones, unless they are asked for."""
        query = parse(CreditCodesQuery, request.query_params)
        limit = pagination.clamp(query.get("limit"), default=100, highest=500)
        rows = codes.listed(include_revoked=query["include_revoked"])
        page = pagination.newest_first(rows, limit=limit, cursor=query.get("cursor"))
        return Response({"credit_codes": [shapes.listed_credit_code(row) for row in page.rows]}, headers=page.headers)


class RevokeCreditCodeView(OperatorApi):
    """POST /v1/admin/credit-codes/{code_id}/revoke."""

    @extend_schema(
        operation_id="admin_credit_codes_revoke",
        summary="Revoke a credit code",
        request=None,
        responses={200: CreditCodeRevokedResponse, **refusals(401, 404, 503)},
    )
    def post(self, request: Request, code_id: str) -> Response:
        """Nobody redeems it any more. What was granted stays."""
        credit_codes.revoke(code_id, actor=BY_ADMIN_KEY)
        return Response({"status": "ok", "code_id": code_id})
