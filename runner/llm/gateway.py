"""The only way from a stage to a model.

One for the whole process, on the bridge's loop. It rebuilds what a model answered, whichever way it was delivered,
bounds the size of what it takes in, and tries again where that may help.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from runner.llm import completions, intake, sse
from runner.llm.assembly import Assembler
from runner.llm.completions import Completion, DetailsPiece, OnPiece, Progress, ReasoningPiece, TextPiece
from runner.llm.errors import UpstreamError
from runner.llm.providers import LlmRoute
from runner.llm.retries import RetryPolicy, parse_retry_after
from runner.llm.wire import Answer, Wire

MAX_RESPONSE_BYTES = 16 * 1024 * 1024

# How long after the reason to stop the usage and the end of a stream may come. The answer is whole without them.
USAGE_SECONDS = 5.0


@dataclass
class UpstreamCall:
    """One request on its way: where to, what, and until when (seconds of the monotonic clock).

    With `on_piece` the answer is handed on as it comes, where the body asks for a stream.
    """

    route: LlmRoute
    body: bytes = field(repr=False)
    deadline: float | None = None
    on_piece: OnPiece | None = None
    progress: Progress = field(default_factory=Progress)

    @property
    def shown(self) -> bool:
        """Whether somebody has seen a part of the answer, so that it can't begin anew."""
        return self.on_piece is not None and self.progress.received_chars > 0


class Gateway:
    """Sends calls upstream and reads the answers. All methods belong to one event loop."""

    def __init__(self, *, retries: RetryPolicy | None = None, max_response_bytes: int = MAX_RESPONSE_BYTES) -> None:
        self._retries = retries or RetryPolicy()
        self._max_response_bytes = max_response_bytes
        self._wire = Wire()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._wire.aclose()

    async def chat(self, call: UpstreamCall) -> Completion:
        """The model's whole answer.

        Tries again while nothing has been handed on, the failure may pass and the deadline leaves time.
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
                if wait is None or call.shown or _too_late(call, wait):
                    raise
            call.progress.sent = False
            await asyncio.sleep(wait)

    async def _attempt(self, call: UpstreamCall) -> Completion:
        call.progress.sent = True
        async with self._wire.posted(call.route.provider, call.body) as answer:
            if answer.status != 200:
                raise completions.classify_status(answer.status, retry_after=parse_retry_after(answer.retry_after))
            if answer.media_type == "text/event-stream":
                return await self._read_stream(answer, call)
            return await self._read_whole(answer, call)

    async def _read_whole(self, answer: Answer, call: UpstreamCall) -> Completion:
        body = bytearray()
        async for chunk in answer.chunks():
            body += chunk
            if len(body) > self._max_response_bytes:
                raise UpstreamError("upstream_too_long")
        completion = completions.parse_completion(intake.Decoder().decode(bytes(body)), progress=call.progress)
        call.progress.received_chars += len(completion.content or "") + len(completion.reasoning or "")
        if call.on_piece is not None:
            await _replay(completion, call.on_piece)
        return completion

    async def _read_stream(self, answer: Answer, call: UpstreamCall) -> Completion:
        assembler, done = Assembler(call.progress), False
        try:
            async with asyncio.timeout(None) as patience:
                done = await self._read_events(answer, call, assembler, patience)
        except (TimeoutError, UpstreamError):
            if not assembler.complete:
                raise
        if not done and not assembler.complete:
            raise UpstreamError("upstream_broken", retryable=not call.shown)
        return assembler.completion()

    async def _read_events(
        self, answer: Answer, call: UpstreamCall, assembler: Assembler, patience: asyncio.Timeout
    ) -> bool:
        """Take the events in; whether the stream has said that it is over."""
        decoder = intake.Decoder()
        async for line in sse.data_lines(answer.chunks(), max_bytes=self._max_response_bytes):
            if line == b"[DONE]":
                return True
            for piece in assembler.feed(decoder.decode(line)):
                if call.on_piece is not None:
                    await call.on_piece(piece)
            if assembler.complete and patience.when() is None:
                patience.reschedule(asyncio.get_running_loop().time() + USAGE_SECONDS)
        return False


def _too_late(call: UpstreamCall, wait: float) -> bool:
    return call.deadline is not None and asyncio.get_running_loop().time() + wait >= call.deadline


async def _replay(completion: Completion, on_piece: OnPiece) -> None:
    if completion.reasoning:
        await on_piece(ReasoningPiece(completion.reasoning))
    if completion.reasoning_details:
        await on_piece(DetailsPiece(completion.reasoning_details))
    if completion.content and completion.content != completion.reasoning:
        await on_piece(TextPiece(completion.content))
