"""What the service offers as proof of itself."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from attestation.server.api.serializers import BundleResponse, EvidenceQuery
from attestation.server.services import evidence
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from hivemind.kit.api.throttling import EvidenceThrottle
from tenants.api.permissions import Public


class AttestationView(APIView):
    """GET /v1/attestation."""

    authentication_classes = ()
    permission_classes = (Public,)
    throttle_classes = (EvidenceThrottle,)

    @extend_schema(
        operation_id="attestation",
        summary="Evidence of what the service runs",
        auth=[],
        parameters=[EvidenceQuery],
        responses={200: BundleResponse, **refusals(422, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        """Answered to anybody; whoever asks must verify it.

        With `nonce` the quote is made for this request and names the nonce, the certificate of the machine's TLS and
        the key that signs run records. Without, it is one that was made before.
        """
        nonce = parse(EvidenceQuery, request.query_params.dict()).get("nonce")
        return Response(evidence.bundle() if nonce is None else evidence.answer(bytes.fromhex(nonce)))
