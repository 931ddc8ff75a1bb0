"""Middleware of the API: the one redirect that the wire format knows, and paths that name nothing."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse


class TrailingSlashMiddleware:
    """Answer `/v1/…/` with a 307 to the path without the slash, keeping method and body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect, or pass on."""
        if request.path.startswith("/v1/") and request.path.endswith("/"):
            query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
            response = HttpResponse(status=307)
            response["Location"] = request.path.rstrip("/") + query
            return response
        return self.get_response(request)


class NulPathMiddleware:
    """Answer a path with a NUL in it with a 404: no name has one, and a database does not take it as a question."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse, or pass on."""
        if "\0" in request.path:
            raise Http404
        return self.get_response(request)
