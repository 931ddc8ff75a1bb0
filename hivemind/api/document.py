"""The API's description, for whoever asks: made once in a process, because making it takes a good part of a second."""

import functools
import hashlib
import json
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe

from hivemind.reference import openapi

MEDIA_TYPE = "application/vnd.oai.openapi+json"


@dataclass(frozen=True)
class _Document:
    content: bytes
    etag: str


@functools.cache
def _made() -> _Document:
    content = json.dumps(openapi.document(), separators=(",", ":"), ensure_ascii=False).encode()
    return _Document(content, f'"{hashlib.sha256(content).hexdigest()}"')


def _etag(request: HttpRequest) -> str:
    return _made().etag


@require_safe
@condition(etag_func=_etag)
def described(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document of every route."""
    return HttpResponse(_made().content, content_type=MEDIA_TYPE)
