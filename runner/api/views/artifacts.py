"""Downloading a run's artifacts."""

from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import quote

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from hivemind.kit.api.responses import refusals
from hivemind.kit.conf import conf
from runner.api import payer
from runner.api.views.runs import NO_STORE, PAYER
from runner.selectors import runs as selectors
from runner.services import artifacts
from tenants.api.authentication import principal_of
from tenants.api.permissions import callers


class RunArtifactView(APIView):
    """GET /v1/runs/{run_id}/artifacts/{filename}."""

    permission_classes = (callers("owner", "query", "share"),)

    @extend_schema(
        operation_id="runs_artifact",
        summary="Download an artifact",
        parameters=[PAYER],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **refusals(400, 401, 403, 404, 410)},
    )
    def get(self, request: Request, run_id: str, filename: str) -> StreamingHttpResponse:
        """The file's bytes, as an attachment."""
        run = selectors.get(principal_of(request), run_id, payer=payer.named(request))
        found = artifacts.read(run, filename, principal=principal_of(request))
        retention = conf.retention.artifact_seconds
        response = StreamingHttpResponse(found.pieces, content_type=found.content_type)
        response["Content-Length"] = str(found.size_bytes)
        for name, value in NO_STORE.items():
            response[name] = value
        # For who looks at a page or picture with script in it all the same, and not at the disposition.
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["X-Retention-Seconds"] = str(retention)
        response["Expires"] = format_datetime(found.created_at + timedelta(seconds=retention), usegmt=True)
        response["Content-Disposition"] = f"attachment; filename=\"{filename}\"; filename*=UTF-8''{quote(filename)}"
        return response
