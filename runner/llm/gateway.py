"""The only way from a stage to a model.

One client for the whole process, on the bridge's loop. It follows no redirects, reads no proxy or credential
settings from the environment, asks for nothing compressed, and bounds the size of what it takes in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from runner.llm import completions, intake, sse
from runner.llm.assembly import Assembler
from runner.llm.completions import Completion, DetailsPiece, OnPiece, Progress, ReasoningPiece, TextPiece
from runner.llm.errors import UpstreamError
from runner.llm.providers import LlmRoute
from runner.llm.retries import RetryPolicy, parse_retry_after

MAX_RESPONSE_BYTES = 16 * 1024 * 1024
MAX_CONNECTIONS = 256
KEPT_CONNECTIONS = 128


@dataclass
class UpstreamCall:
    """One request on its way: where to, what, and until when (seconds of the monotonic clock).

    With `on_piece` the answer is asked for as a stream and handed on as it comes.
    """

    route: LlmRoute
    body: bytes = field(repr=False)
    deadline: float | None = None
    on_piece: OnPiece | None = None
    progress: Progress = field(default_factory=Progress)


class Gateway:
    """Sends calls upstream and reads the answers. All methods belong to one event loop."""

    def __init__(self, *, retries: RetryPolicy | None = None, max_response_bytes: int = MAX_RESPONSE_BYTES) -> None:
        self._retries = retries or RetryPolicy()
        self._max_response_bytes = max_response_bytes
        limits = httpx.Limits(
            max_connections=MAX_CONNECTIONS, max_keepalive_connections=KEPT_CONNECTIONS, keepalive_expiry=30
        )
        self._client = httpx.AsyncClient(limits=limits, trust_env=False, follow_redirects=False)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def chat(self, call: UpstreamCall) -> Completion:
        """The model's whole answer.

        Tries again while nothing has been received, the failure may pass and the deadline leaves time.
        Raises `UpstreamError`; what `call.on_piece` raises passes through.
        """
        try:
            async with asyncio.timeout_at(call.deadline):
                return await self._persist(call)
        except TimeoutError:
            raise UpstreamError("deadline_reached") from None

    async def _persist(self, call: UpstreamCall) -> Completion:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(call)
            except UpstreamError as error:
                wait = self._retries.wait_seconds(attempt, error=error)
                if wait is None or call.progress.received_chars or _too_late(call, wait):
                    raise
            call.progress.sent = False
            await asyncio.sleep(wait)

    async def _attempt(self, call: UpstreamCall) -> Completion:
        url, headers = call.route.provider.chat_url, _headers(call)
        call.progress.sent = True
        try:
            async with self._client.stream(
                "POST", url, content=call.body, headers=headers, timeout=_timeout(call)
            ) as response:
                if response.status_code != 200:
                    wait = parse_retry_after(response.headers.get("retry-after"))
                    raise completions.classify_status(response.status_code, retry_after=wait)
                return await self._read(response, call)
        except (httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ConnectError):
            raise UpstreamError("upstream_unreachable", retryable=True) from None
        except httpx.TimeoutException:
            raise UpstreamError("upstream_timeout") from None
        except httpx.TransportError:
            raise UpstreamError("upstream_broken", retryable=not call.progress.received_chars) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise UpstreamError("upstream_garbled") from None

    async def _read(self, response: httpx.Response, call: UpstreamCall) -> Completion:
        intake.refuse_encoded(response)
        if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            return await self._read_stream(response.aiter_raw(), call)
        return await self._read_whole(response, call)

    async def _read_whole(self, response: httpx.Response, call: UpstreamCall) -> Completion:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._max_response_bytes:
                raise UpstreamError("upstream_too_long")
        completion = completions.parse_completion(intake.Decoder().decode(bytes(body)), progress=call.progress)
        call.progress.received_chars += len(completion.content or "") + len(completion.reasoning or "")
        if call.on_piece is not None:
            await _replay(completion, call.on_piece)
        return completion

    async def _read_stream(self, chunks: AsyncIterator[bytes], call: UpstreamCall) -> Completion:
        assembler, decoder = Assembler(call.progress), intake.Decoder()
        done = False
        async for line in sse.data_lines(chunks, max_bytes=self._max_response_bytes):
            if line == b"[DONE]":
                done = True
                break
            for piece in assembler.feed(decoder.decode(line)):
                if call.on_piece is not None:
                    await call.on_piece(piece)
        if not done and not assembler.complete:
            raise UpstreamError("upstream_broken", retryable=not call.progress.received_chars)
        return assembler.completion()


def _headers(call: UpstreamCall) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "identity",
    }
    if call.route.provider.api_key:
        headers["Authorization"] = f"Bearer {call.route.provider.api_key}"
    return headers


def _timeout(call: UpstreamCall) -> httpx.Timeout:
    provider = call.route.provider
    return httpx.Timeout(provider.timeout_seconds, connect=provider.connect_seconds)


def _too_late(call: UpstreamCall, wait: float) -> bool:
    return call.deadline is not None and asyncio.get_running_loop().time() + wait >= call.deadline


async def _replay(completion: Completion, on_piece: OnPiece) -> None:
    if completion.reasoning:
        await on_piece(ReasoningPiece(completion.reasoning))
    if completion.reasoning_details:
        await on_piece(DetailsPiece(completion.reasoning_details))
    if completion.content and completion.content != completion.reasoning:
        await on_piece(TextPiece(completion.content))
