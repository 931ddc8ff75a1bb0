"""Who may speak to a stage's bridge: the holder of its session token, and nobody else."""

from __future__ import annotations

import hmac

from aiohttp import web


def is_authentic(request: web.BaseRequest, *, token: str) -> bool:
    """Whether the bearer or the `x-api-key` header carries the token; takes the same time either way."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    expected = token.encode("ascii")
    by_bearer = hmac.compare_digest(_encoded(bearer.strip()), expected) & (scheme.lower() == "bearer")
    by_key = hmac.compare_digest(_encoded(request.headers.get("x-api-key", "")), expected)
    return by_bearer | by_key


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")
