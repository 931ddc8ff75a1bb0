"""Leaving files beside the answer, where the room allows that."""

from __future__ import annotations

import base64
from typing import Any

from ._connection import Connection


class ArtifactCalls:
    """The part of the bridge that takes artifacts from a query agent."""

    _connection: Connection

    def upload_artifact(
        self, filename: str, content: bytes, *, content_type: str = "application/octet-stream"
    ) -> dict[str, Any]:
        """Keep ``content`` as an artifact of the run: ``path``, ``size_bytes``, ``retention_seconds``.

        Raises BridgeRefused: 404 where the room takes none, 413 and 422 for one that is too large or badly named.
        """
        body = {
            "filename": filename,
            "content_base64": base64.b64encode(content).decode("ascii"),
            "content_type": content_type,
        }
        return dict(self._connection.request("POST", "/sandbox/artifact-upload", body))

    def upload_report(
        self, markdown: str, *, filename: str = "report", include_pdf: bool = True
    ) -> list[dict[str, Any]]:
        """Keep a report as Markdown and, unless told otherwise, as PDF. Raises BridgeRefused."""
        body = {"filename": filename, "markdown": markdown, "include_pdf": include_pdf}
        answer = self._connection.request("POST", "/sandbox/report-artifact", body)
        return list(answer.get("artifacts", []))
