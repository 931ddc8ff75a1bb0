"""A web application for tests of the server in front of it: it says how long a body it read, or a great deal."""

from collections.abc import Callable, Iterable
from typing import Any

GREAT_DEAL = 64 * 1024 * 1024


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Read all of the body first."""
    size = len(environ["wsgi.input"].read())
    content = b"x" * GREAT_DEAL if environ["PATH_INFO"] == "/much" else str(size).encode()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]
