"""Leaving files beside the answer, where the room allows that, and judging those that were left."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from ._connection import Connection


class ArtifactCalls:
    """The part of the bridge that takes artifacts from a query agent, and shows them to a mediator that judges them."""

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

    def waiting_artifacts(self) -> list[dict[str, Any]]:
        """The files that leave with the mediator's answer unless it decides otherwise: ``filename``, ``content_type``,
        ``size_bytes``, ``sha256``, and ``path``, where the bytes can be read. Raises BridgeRefused: 404 for a mediator
        that did not say that it judges files.
        """
        return list(self._connection.request("GET", "/sandbox/artifacts").get("artifacts", []))

    def withhold_artifact(self, filename: str) -> list[str]:
        """Remove a waiting file, and a PDF that was made from it. The names of what is gone. Raises BridgeRefused."""
        place = f"/sandbox/artifacts/{quote(filename, safe='')}/withhold"
        return list(self._connection.request("POST", place, {}).get("withheld", []))

    def replace_artifact(self, filename: str, text: str) -> list[dict[str, Any]]:
        """Put other text in the place of a waiting file's; a PDF that was made from it is made anew.

        What now waits in their place, as ``waiting_artifacts`` tells it. Raises BridgeRefused.
        """
        place = f"/sandbox/artifacts/{quote(filename, safe='')}/replace"
        return list(self._connection.request("POST", place, {"text": text}).get("artifacts", []))
