"""Single requests to hosts other than the service: no redirects, a bounded body, one deadline for all of it.

Credentials of the service are never involved. The whole exchange is cut off at its deadline, however slowly the
other side drips.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from hmctl import services
from hmctl.client import failures

_LONGEST_ADDRESS: Final = 2048


class OutsideFailed(Exception):
    """No usable answer. The text names the host and the reason, never the rest of the address."""


@dataclass(frozen=True)
class Request:
    """One GET, or a POST when there is a JSON body. `largest_body` bounds the answer in bytes."""

    url: str
    timeout_seconds: float
    largest_body: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: object = None


@dataclass(frozen=True)
class Answered:
    """A 200 answer, read whole; the names of the headers are in lower case."""

    content: bytes
    headers: Mapping[str, str]


def checked_address(url: str) -> SplitResult:
    """The parts of an address that may be asked: https, or http on this machine (OutsideFailed otherwise)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise OutsideFailed("not an address") from None
    odd = len(url) > _LONGEST_ADDRESS or not url.isascii() or any(ch <= " " or ch in '\\"<>^`{|}\x7f' for ch in url)
    if odd or not host or port == 0 or parts.username is not None or parts.password is not None or parts.fragment:
        raise OutsideFailed("not an address")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise OutsideFailed("not an https address")
    return parts


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, as far as its name says."""
    return services.Service("", "", host, 0).is_loopback


def fetch(request: Request) -> bytes:
    """The body of a 200 answer (OutsideFailed for everything else). Not to be called inside an event loop."""
    return ask(request).content


def ask(request: Request) -> Answered:
    """The 200 answer with its headers; as `fetch` otherwise."""
    parts = checked_address(request.url)
    host = parts.netloc
    try:
        return asyncio.run(_within(request, host, parts.hostname or ""))
    except (TimeoutError, httpx.TimeoutException):
        raise OutsideFailed(f"no complete answer from {host} within {request.timeout_seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as problem:
        raise OutsideFailed(f"cannot reach {host}: {_in_words(problem)}") from None


def _in_words(problem: Exception) -> str:
    words = failures.in_words(problem)[0]
    return "no connection" if words.startswith("connect call failed") else words  # which would repeat the address


async def _within(request: Request, host: str, name: str) -> Answered:
    async with asyncio.timeout(request.timeout_seconds):
        tls = (
            httpx.create_ssl_context() if request.url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )
        async with httpx.AsyncClient(
            follow_redirects=False, trust_env=not is_loopback(name), verify=tls, timeout=request.timeout_seconds
        ) as client:
            return await _exchange(client, request, host)


async def _exchange(client: httpx.AsyncClient, request: Request, host: str) -> Answered:
    method = "GET" if request.json is None else "POST"
    headers = {"Accept-Encoding": "identity", "User-Agent": "hmctl"} | dict(request.headers)
    async with client.stream(method, request.url, headers=headers, json=request.json) as response:
        if 300 <= response.status_code < 400:
            raise OutsideFailed(f"{host} redirects elsewhere, which is not followed")
        if response.status_code != httpx.codes.OK:
            raise OutsideFailed(f"{host} answered {response.status_code}")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise OutsideFailed(f"{host} compressed its answer, which was not asked for")
        content = bytearray()
        async for part in response.aiter_raw():
            content += part
            if len(content) > request.largest_body:
                raise OutsideFailed(f"{host} answered more than {request.largest_body} bytes")
        return Answered(bytes(content), {name.lower(): value for name, value in response.headers.items()})
