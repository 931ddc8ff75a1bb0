"""The JSON answers of the bridge."""

from __future__ import annotations

import json

from aiohttp import web

JSON_HEADERS = {"Content-Type": "application/json"}


def json_answer(value: object, *, status: int = 200) -> web.Response:
    """Any JSON value."""
    return encoded_answer(encoded(value), status=status)


def encoded(value: object) -> bytes:
    """A JSON value as it goes over the wire."""
    return json.dumps(value).encode("ascii")


def encoded_answer(body: bytes, *, status: int = 200) -> web.Response:
    """JSON that has been encoded already."""
    return web.Response(body=body, status=status, headers=JSON_HEADERS)
