"""The owner's account."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import shapes
from billing.api.serializers.queries import StatementQuery
from billing.api.serializers.requests import RedeemRequest
from billing.api.serializers.responses import BillingResponse, RedeemedResponse
from billing.api.views.base import statement_of
from billing.services import credit_codes
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.throttling import RedeemThrottle
from tenants.api.authentication import owner_of
from tenants.api.permissions import callers


class BillingView(APIView):
    """GET /v1/billing."""

    permission_classes = (callers("owner"),)

    @extend_schema(
        operation_id="billing_retrieve",
        summary="Balance, ledger and spending",
        parameters=[StatementQuery],
        responses={200: BillingResponse, **refusals(401, 403, 404, 422)},
    )
    def get(self, request: Request) -> Response:
        """What can be spent now, with the newest entries. The next page's cursor is in X-Next-Cursor."""
        return statement_of(owner_of(request).tenant.id, request)


class RedeemView(APIView):
    """POST /v1/billing/credit-codes/redeem."""

    permission_classes = (callers("owner"),)
    throttle_classes = (RedeemThrottle,)

    @extend_schema(
        operation_id="billing_redeem",
        summary="Turn a credit code into credit",
        request=RedeemRequest,
        responses={200: RedeemedResponse, **refusals(400, 401, 403, 404, 409, 422, 429, 503)},
    )
    def post(self, request: Request) -> Response:
        """Each tenant may use a code once. A refusal says why in its words and its code."""
        owner = owner_of(request)
        body = RedeemRequest(data=request.data)
        body.is_valid(raise_exception=True)
        done = credit_codes.redeem(body.to_code(), tenant_id=owner.tenant.id, actor=owner.actor)
        return Response(shapes.redeemed(done))
