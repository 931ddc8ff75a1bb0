"""Reading request bodies without letting one stage take the memory or the loop from the others."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from runner.bridge.errors import Refused
from runner.bridge.limits import BridgeLimits
from runner.llm.problems import as_object, invalid

# After parsing a large body for one unit of time a stage parses no other for so many.
REST_PER_LARGE_BODY = 9


class BodyReader:
    """Reads and parses the bodies of one stage."""

    def __init__(self, limits: BridgeLimits) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.bodies_at_once)
        self._large = asyncio.Lock()
        self._rested_at = 0.0

    async def read_object(self, request: web.Request) -> dict[str, Any]:
        """The body as a JSON object. Raises `Refused` (408, 413, 415) or `RequestInvalid`."""
        async with self._slots:
            raw = await self._read(request)
            if len(raw) <= self._limits.large_body_bytes:
                value = self._parse(raw)
            else:
                value = await self._parse_in_turn(raw)
        return as_object(value, loc=("body",))

    async def _read(self, request: web.Request) -> bytes:
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(415, "Request bodies must not be compressed")
        if (request.content_length or 0) > self._limits.max_body_bytes:
            raise _too_large()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await request.read()
        except TimeoutError:
            raise Refused(408, "The request body came too slowly", closes=True) from None
        except HTTPRequestEntityTooLarge:
            raise _too_large() from None

    async def _parse_in_turn(self, raw: bytes) -> object:
        loop = asyncio.get_running_loop()
        async with self._large:
            await asyncio.sleep(self._rested_at - loop.time())
            started = loop.time()
            try:
                return self._parse(raw)
            finally:
                now = loop.time()
                self._rested_at = now + REST_PER_LARGE_BODY * (now - started)

    def _parse(self, raw: bytes) -> object:
        if raw.count(b"{") + raw.count(b"[") > self._limits.max_structures:
            raise Refused(413, "The request body has too many parts")
        if not raw:
            raise invalid("missing", ("body",), "Field required")
        try:
            value: object = _DECODER.decode(raw.decode("utf-8"))
        except json.JSONDecodeError as error:
            raise invalid("json_invalid", ("body", error.pos), "JSON decode error") from None
        except (ValueError, RecursionError):
            raise invalid("json_invalid", ("body", 0), "JSON decode error") from None
        return value


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _too_large() -> Refused:
    return Refused(413, "The request body is too large", closes=True)
