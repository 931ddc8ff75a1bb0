"""Do the providers of models answer?"""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from runner.api.admin_serializers import LlmProbeQuery, LlmProbeResponse
from runner.services import probing
from tenants.api.permissions import OperatorKey

NO_STORE = {"Cache-Control": "no-store"}


class LlmProbeView(APIView):
    """GET /v1/admin/llm-probe."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_llm_probe",
        summary="Ask a provider of models for a few tokens",
        parameters=[LlmProbeQuery],
        responses={200: LlmProbeResponse, **refusals(401, 422, 503)},
    )
    def get(self, request: Request) -> Response:
        """One completion of 5 tokens, 5 seconds to connect and 15 to answer. A provider that fails is a 200 too."""
        query = parse(LlmProbeQuery, request.query_params)
        return Response(probing.probe(query["provider"], query["model"]), headers=NO_STORE)
