"""The one path from an agent's request to a model's answer: reserve, ask, account."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from runner.bridge.budget import Reservation
from runner.bridge.errors import Refused
from runner.bridge.stage import LiveStage
from runner.bridge.tape import asked, pieces_of
from runner.llm.completions import Completion, OnPiece, Progress
from runner.llm.errors import UpstreamError
from runner.llm.gateway import UpstreamCall
from runner.llm.providers import LlmRoute
from runner.llm.requests import CHARS_PER_TOKEN, ChatRequest


@dataclass(frozen=True)
class Exchange:
    """An answer with the tokens that were charged for it."""

    completion: Completion
    prompt_tokens: int
    completion_tokens: int


def require_route(stage: LiveStage) -> LlmRoute:
    """The stage's route to a model. Raises `Refused` (403) when the room lets no model be called."""
    if stage.session.llm is None:
        raise Refused(403, "This room does not allow model calls")
    return stage.session.llm


async def run_exchange(stage: LiveStage, request: ChatRequest, *, on_piece: OnPiece | None = None) -> Exchange:
    """Carry one model call out within the stage's budget and deadline; with `on_piece` as a stream.

    Raises `BudgetExhausted`, `UpstreamError`, `RequestInvalid` or `Refused`. A call that is cut off after the
    model has begun is charged with what is known or estimated of it, one that failed before costs nothing. In a
    simulation a call that is next on the tape is answered from there and costs nothing.
    """
    route = require_route(stage)
    tape = stage.session.tape
    if tape is None:
        return await _asked(stage, route, request, on_piece)
    call = asked(request)
    replayed = tape.replay(call)
    if replayed is not None:
        exchange = await _shown(replayed, on_piece)
    else:
        exchange = await _asked(stage, route, request, on_piece)
    tape.record(call, exchange.completion)
    return exchange


async def _asked(stage: LiveStage, route: LlmRoute, request: ChatRequest, on_piece: OnPiece | None) -> Exchange:
    async with stage.model_slots:
        reservation = await stage.session.budget.reserve(
            request.prompt_estimate, max_tokens=request.max_tokens, weight=request.prompt_weight
        )
        progress = Progress()
        try:
            # Always as a stream: a long answer is no silence then, one that nobody waits for ends at once, and what was
            # said of it is known.
            body = request.upstream_body(model=route.model, max_tokens=reservation.max_tokens, stream=True)
            call = UpstreamCall(route, body, stage.session.deadline, on_piece, progress)
            completion = await stage.gateway.chat(call)
        except BaseException as error:
            if _settle_cut_off(reservation, progress, error):
                stage.counters.note_interrupted()
            raise
        exchange = _accounted(completion, reservation)
        reservation.settle(prompt_tokens=exchange.prompt_tokens, completion_tokens=exchange.completion_tokens)
    stage.counters.note_completion(completion)
    return exchange


async def _shown(completion: Completion, on_piece: OnPiece | None) -> Exchange:
    """An answer from the tape, in pieces where the agent asked for a stream."""
    if on_piece is not None:
        for piece in pieces_of(completion):
            await on_piece(piece)
    return Exchange(completion, completion.prompt_tokens or 0, completion.completion_tokens or 0)


def _accounted(completion: Completion, reservation: Reservation) -> Exchange:
    prompt, answer = completion.prompt_tokens, completion.completion_tokens
    if not prompt and not answer:
        prompt, answer = None, None
    return Exchange(
        completion,
        prompt_tokens=reservation.estimate if prompt is None else prompt,
        completion_tokens=_estimated(_answer_chars(completion)) if answer is None else answer,
    )


def _settle_cut_off(reservation: Reservation, progress: Progress, error: BaseException) -> bool:
    begun = progress.received_chars or progress.prompt_tokens is not None
    cancelled_under_way = progress.sent and isinstance(error, asyncio.CancelledError)
    if not begun and not cancelled_under_way:
        reservation.release(failed=isinstance(error, UpstreamError))
        return False
    prompt, answer = progress.prompt_tokens, progress.completion_tokens
    reservation.settle(
        prompt_tokens=reservation.estimate if prompt is None else prompt,
        completion_tokens=_estimated(progress.received_chars) if answer is None else answer,
    )
    return True


def _answer_chars(completion: Completion) -> int:
    arguments = sum(len(call.name) + len(call.arguments) for call in completion.tool_calls)
    texts = {completion.content or "", completion.reasoning or ""}
    return sum(len(text) for text in texts) + arguments


def _estimated(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)
