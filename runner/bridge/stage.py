"""A stage while its bridge is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from runner.bridge import answers
from runner.bridge.bodies import BodyReader
from runner.bridge.limits import BridgeLimits
from runner.bridge.sessions import StageSession
from runner.bridge.usage import Counters, StageUsage, take_usage
from runner.bridge.workers import Workers
from runner.llm.gateway import Gateway


@dataclass
class LiveStage:
    """Everything that the handlers of one stage share. Lives on the bridge's loop."""

    session: StageSession
    gateway: Gateway
    limits: BridgeLimits
    counters: Counters = field(init=False)
    workers: Workers = field(init=False)
    bodies: BodyReader = field(init=False)
    model_slots: asyncio.Semaphore = field(init=False)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    note_arrival: Callable[[asyncio.BaseTransport | None], None] = field(default=lambda _transport: None)
    closing: bool = False

    def __post_init__(self) -> None:
        definitions = self.session.tools.list_openai()
        names = [str(tool["function"]["name"]) for tool in definitions]
        self.tool_list = answers.encoded(definitions)
        self.counters = Counters(names)
        self.workers = Workers(self.session.tool_workers)
        self.bodies = BodyReader(self.limits)
        self.model_slots = asyncio.Semaphore(self.session.llm_calls)

    def usage(self, *, abandoned_tool_calls: int = 0) -> StageUsage:
        """What the stage has used up to now."""
        return take_usage(self.counters, session=self.session, abandoned_tool_calls=abandoned_tool_calls)


STAGE: web.AppKey[LiveStage] = web.AppKey("stage", LiveStage)


def stage_of(request: web.Request) -> LiveStage:
    """The stage that a request belongs to: the one whose socket it came in by."""
    return request.app[STAGE]
