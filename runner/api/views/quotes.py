"""What an ask would cost at most, before it is made."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.payers import Payer
from billing.selectors import accounts
from hivemind.kit.api.responses import refusals
from runner.api import payer, quote_shapes
from runner.api.serializers import QuoteRequest, QuoteResponse
from runner.api.views.runs import PAYER
from runner.services import quotes
from tenants.api.authentication import principal_of
from tenants.api.permissions import callers
from tenants.principals import Owner, Principal


class RoomQuoteView(APIView):
    """POST /v1/rooms/{room_id}/quote."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="room_quote",
        summary="The most that asking a room can cost",
        request=QuoteRequest,
        parameters=[PAYER],
        responses={200: QuoteResponse, **refusals(400, 401, 403, 404, 409, 410, 422, 503)},
    )
    def post(self, request: Request, room_id: str) -> Response:
        """Nothing is stored. The payer may be left out; then nothing is said about a balance."""
        body = QuoteRequest(data=request.data)
        body.is_valid(raise_exception=True)
        principal = principal_of(request)
        paying = _payer(request, principal)
        quote = quotes.for_ask(principal, room_id, body.to_request())
        account = accounts.get(paying.tenant_id) if paying else None
        return Response(quote_shapes.quote(quote, payer=paying, account=account))


def _payer(request: Request, principal: Principal) -> Payer | None:
    named = payer.named(request)
    if named is None and isinstance(principal, Owner):
        return Payer(tenant_id=principal.tenant.id, token_id="")
    return named
