"""Multipart bodies that carry an archive: streamed to a temporary file, cut off at the limit."""

from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from agents.errors import ArchiveTooLarge
from agents.packages import limits

FORM_BYTES = 256 * 1024


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Writes the archive to disk as it arrives. Raises ArchiveTooLarge at the first byte over the limit."""

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Count, then write."""
        self.received += len(raw_data)
        if self.received > limits.ARCHIVE_BYTES:
            raise ArchiveTooLarge
        super().receive_data_chunk(raw_data, start)


class ArchiveParser(MultiPartParser):
    """DRF's multipart parser with the capped handler. The view must have authenticated the caller by now."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Refuse by Content-Length where the client says it, else while reading."""
        request: Request = parser_context["request"]
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if declared.isdigit() and int(declared) > limits.ARCHIVE_BYTES + FORM_BYTES:
            raise ArchiveTooLarge
        try:
            request.upload_handlers = [CappedUploadHandler(request._request)]
        except AttributeError as error:
            raise ParseError("The body was read before it was parsed") from error
        return super().parse(stream, media_type, parser_context)
