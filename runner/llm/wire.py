"""HTTP to model services: one pool of connections for the whole process, on the bridge's loop.

It follows no redirects, keeps no cookies, reads no proxy or credential settings from the environment and asks for
nothing compressed. Whatever goes wrong is an `UpstreamError` without a word of what the service wrote.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

import aiohttp
import certifi

from runner.llm.errors import UpstreamError
from runner.llm.providers import Provider

KEPT_SECONDS = 30.0
# How long the end of a stream may follow its last event for the connection to be kept.
END_SECONDS = 0.1


class Answer:
    """What a service answered: its status, and the body as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self.retry_after = response.headers.get("Retry-After")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces of some 64 KiB at most. Raises `UpstreamError`."""
        content = self._response.content
        while True:
            with _translated():
                chunk = await content.readany()
            if not chunk:
                return
            yield chunk

    async def end(self) -> None:
        """Give the connection back where the body has ended or is about to; end it where it goes on."""
        with suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                with _translated():
                    await self._response.content.readany()
        self._response.release()


class _NoCookies(aiohttp.DummyCookieJar):
    """Does not even read them: what the library would log of a bad one quotes it."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: object) -> None:
        return None


class Wire:
    """Posts bodies to services. Make it and use it on one event loop."""

    def __init__(self) -> None:
        # Each stage is bounded by itself; a bound of all together would let a few take the places of the others.
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=KEPT_SECONDS,
            ssl=ssl.create_default_context(cafile=certifi.where()),
        )
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=_NoCookies(), trust_env=False, auto_decompress=False
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()

    @asynccontextmanager
    async def posted(self, provider: Provider, body: bytes) -> AsyncIterator[Answer]:
        """The answer to a body. Raises `UpstreamError`, also for a compressed answer.

        Nothing compressed was asked for, and a few bytes of it can be gigabytes.
        """
        timeout = _timeout(provider)
        with _translated():
            # The library's own limits leave out a service that does not read what it is sent.
            async with asyncio.timeout((timeout.connect or 0) + 2 * provider.timeout_seconds):
                response = await self._session.post(
                    provider.chat_url,
                    data=io.BytesIO(body),
                    headers=_headers(provider),
                    timeout=timeout,
                    allow_redirects=False,
                )
        try:
            if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
                raise UpstreamError("upstream_garbled")
            answer = Answer(response)
            yield answer
            await answer.end()
        finally:
            response.close()


def _headers(provider: Provider) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "identity",
        "User-Agent": "hivemind",
    }
    if provider.api_key:
        headers["Authorization"] = f"Bearer {provider.api_key}"
    return headers


def _timeout(provider: Provider) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        connect=provider.connect_seconds + provider.timeout_seconds,
        sock_connect=provider.connect_seconds,
        sock_read=provider.timeout_seconds,
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the HTTP library as ours."""
    try:
        yield
    except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError):
        raise UpstreamError("upstream_unreachable", retryable=True) from None
    except TimeoutError:
        raise UpstreamError("upstream_timeout") from None
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        raise UpstreamError("upstream_broken", retryable=True) from None
    except aiohttp.ClientError:
        raise UpstreamError("upstream_garbled") from None
