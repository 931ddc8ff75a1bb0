"""The operator's doings with agents."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import shapes
from agents.api.serializers import SweepQuery, SweepResponse
from agents.services import sweep
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.permissions import BY_ADMIN_KEY, OperatorKey


class SweepBrokenAgentsView(APIView):
    """POST /v1/admin/agents/sweep-broken."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)

    @extend_schema(
        operation_id="admin_agents_sweep",
        summary="Delete agents that nobody can ever run again",
        request=None,
        parameters=[SweepQuery],
        responses={200: SweepResponse, **refusals(401, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """Those without an image whose stored source is damaged or opens for nobody. Deletes unless dry_run is true."""
        dry_run = parse(SweepQuery, request.query_params)["dry_run"]
        found = sweep.sweep(actor=BY_ADMIN_KEY, dry_run=dry_run)
        body = {
            "dry_run": dry_run,
            "count": len(found),
            "deleted": sum(orphan.deleted for orphan in found),
            "orphans": [shapes.orphan_to_wire(orphan) for orphan in found],
        }
        return Response(body)
