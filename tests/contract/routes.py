"""Every operation under /v1 as the URL resolver knows it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.views import SpectacularAPIView
from rest_framework.views import APIView

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    view: type[APIView]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations() -> list[Operation]:
    """All of them, without the one that serves the schema itself."""
    return [
        Operation(method, path, view)
        for path, view in _views(get_resolver().url_patterns, "/")
        if path.startswith("/v1/") and not issubclass(view, SpectacularAPIView)
        for method in METHODS
        if hasattr(view, method)
    ]


def _views(patterns: list[Any], prefix: str) -> Iterator[tuple[str, type[APIView]]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "cls"):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), pattern.callback.cls
