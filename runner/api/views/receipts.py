"""Giving out receipts."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from attestation.receipts.document import encode_receipt
from hivemind.kit.api.responses import refusals
from runner.api import payer
from runner.api.receipt_shapes import ReceiptResponse
from runner.api.views.runs import NO_STORE, PAYER
from runner.selectors import runs as selectors
from runner.services import receipts
from tenants.api.authentication import principal_of
from tenants.api.permissions import callers


class RunReceiptView(APIView):
    """GET /v1/runs/{run_id}/receipt."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="runs_receipt",
        summary="Download a run's receipt",
        parameters=[PAYER],
        responses={200: ReceiptResponse, **refusals(401, 403, 404, 409)},
    )
    def get(self, request: Request, run_id: str) -> HttpResponse:
        """Everything that is needed to check the run's answer without this service, in the one spelling of receipts.

        Whoever sees the run gets it: it holds digests of question, answer and files, and none of them.
        """
        run = selectors.get(principal_of(request), run_id, payer=payer.named(request))
        disposition = {"Content-Disposition": f'attachment; filename="receipt-{run.pk}.json"'}
        content = encode_receipt(receipts.document(run))
        return HttpResponse(content, content_type="application/json", headers=NO_STORE | disposition)
