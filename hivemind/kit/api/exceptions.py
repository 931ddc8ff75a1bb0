"""The one place where domain errors become HTTP: family to status, and the body `{"detail", "code"}`."""

import logging
import math
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework.response import Response

from attestation.errors import KernelError, VerificationError
from hivemind.kit import errors

log = logging.getLogger(__name__)

STATUS: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.Unpayable, 402),
    (errors.Denied, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Gone, 410),
    (errors.Malformed, 422),
    (errors.Throttled, 429),
    (errors.Unavailable, 503),
    (errors.Invalid, 400),
)
# Old clients of the protocol look for the second key on these two.
SEALED = (errors.TenantSealed, errors.RoomSealed)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's exception handler. None means: not ours, let it become a 500 without detail."""
    match error:
        case errors.Malformed():
            return Response({"detail": error.problems, "code": error.code}, status=422)
        case errors.DomainError():
            return _domain(error)
        case drf.ValidationError():
            return Response({"detail": problems_of(error.detail, context), "code": "malformed"}, status=422)
        case drf.ParseError():
            return _malformed_json()
        case drf.UnsupportedMediaType():
            return Response({"detail": "Unsupported media type", "code": "unsupported_media_type"}, status=415)
        case RequestDataTooBig():
            return Response({"detail": "The request body is too large", "code": "too_large"}, status=413)
        case Http404() | drf.NotFound():
            return Response({"detail": "Not Found", "code": "not_found"}, status=404)
        case PermissionDenied():
            return _domain(errors.Denied())
        case VerificationError():
            return Response({"detail": str(error), "code": error.code}, status=409)
        case KernelError():
            return Response({"detail": "Stored data did not pass its check", "code": "damaged"}, status=409)
        case drf.Throttled():
            wait: float | None = error.wait  # type: ignore[attr-defined]
            return _domain(errors.Throttled(retry_after_seconds=wait or 1))
        case drf.APIException():
            headers = {"Allow": error.headers["Allow"]} if hasattr(error, "headers") else None
            return Response(
                {"detail": _title(error), "code": error.default_code},
                status=error.status_code,
                headers=headers,
            )
    return None


def _title(error: drf.APIException) -> str:
    return "Method Not Allowed" if isinstance(error, drf.MethodNotAllowed) else str(error.detail)


def _domain(error: errors.DomainError) -> Response:
    status = next((status for family, status in STATUS if isinstance(error, family)), 400)
    body: dict[str, Any] = {"detail": str(error), "code": error.code}
    if isinstance(error, SEALED):
        body["error"] = error.code
    headers = {}
    if "retry_after_seconds" in error.extra:
        headers["Retry-After"] = str(max(1, math.ceil(error.extra["retry_after_seconds"])))
    return Response(body, status=status, headers=headers)


def _malformed_json() -> Response:
    problem = {"type": "json_invalid", "loc": ["body"], "msg": "The body is not valid JSON", "input": {}}
    return Response({"detail": [problem], "code": "malformed"}, status=422)


def problems_of(detail: Any, context: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Flatten a serializer's errors into the wire's list: `{type, loc, msg, input}` per fault."""
    where = "query" if context and getattr(context.get("request"), "method", "") == "GET" else "body"
    return list(_flatten(detail, [where]))


def _flatten(detail: Any, loc: list[str | int]) -> list[dict[str, Any]]:
    if isinstance(detail, dict):
        return [p for key, inner in detail.items() for p in _flatten(inner, _deeper(loc, key))]
    if isinstance(detail, list | tuple):
        nested = any(isinstance(inner, dict | list) for inner in detail)
        pairs = enumerate(detail) if nested else ((None, inner) for inner in detail)
        return [p for i, inner in pairs for p in _flatten(inner, loc if i is None else [*loc, i])]
    kind = (
        "missing" if getattr(detail, "code", "") == "required" else f"value_error.{getattr(detail, 'code', 'invalid')}"
    )
    return [{"type": kind, "loc": loc, "msg": str(detail), "input": None}]


def _deeper(loc: list[str | int], key: str | int) -> list[str | int]:
    return loc if key == "non_field_errors" else [*loc, key]
