"""What the service offers as proof of itself."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from attestation.server.api.serializers import BundleResponse
from attestation.server.services import evidence
from tenants.api.permissions import Public


class AttestationView(APIView):
    """GET /v1/attestation."""

    authentication_classes = ()
    permission_classes = (Public,)

    @extend_schema(
        operation_id="attestation",
        summary="Evidence of what the service runs",
        auth=[],
        responses={200: BundleResponse},
    )
    def get(self, request: Request) -> Response:
        """Answered to anybody; whoever asks must verify it."""
        return Response(evidence.bundle())
