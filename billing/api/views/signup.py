"""Self-serve signup."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api.serializers.requests import SignupRequest
from billing.api.serializers.responses import SignedUpResponse
from billing.api.views.base import NO_STORE
from billing.services import signup
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.throttling import SignupThrottle
from tenants.api.permissions import Public


class SignupOpen(Public):
    """Anybody, while signup is open."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Raise SignupDisabled, before a closed signup counts or reads anything."""
        signup.check_open()
        return True


class SignupView(APIView):
    """POST /v1/signup."""

    authentication_classes = ()
    permission_classes = (Public, SignupOpen)
    throttle_classes = (SignupThrottle,)

    @extend_schema(
        operation_id="signup",
        summary="Make a tenant of one's own",
        auth=[],
        request=SignupRequest,
        responses={200: SignedUpResponse, **refusals(400, 422, 429, 503)},
    )
    def post(self, request: Request) -> Response:
        """The key is in this answer alone. Names may be taken already; credit codes are redeemed afterwards."""
        body = SignupRequest(data=request.data)
        body.is_valid(raise_exception=True)
        new = signup.sign_up(body.to_name())
        answer = {
            "tenant_id": new.tenant.pk,
            "name": new.tenant.name,
            "api_key": new.api_key,
            "starter_credit_micro_usd": new.starter_credit_micro_usd,
            "balance_micro_usd": new.balance_micro_usd,
        }
        return Response(answer, headers=NO_STORE)
