"""One simulation: a sealed container of the query agent with a bridge of its own, from start to removal.

It is the query stage in everything that the agent can meet, but for the run's id and the right to leave files.
"""

import logging
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from django.db import connections

from agents.errors import ImageNotBuilt
from runner.bridge.budget import Budget
from runner.bridge.errors import BridgeNotRunning
from runner.bridge.sessions import Outcome, Rehearsal, StageSession
from runner.bridge.tape import Tape
from runner.engine.base import Exit, Prepared
from runner.engine.errors import EngineError
from runner.errors import RouteDisabled
from runner.scopefn.errors import ScopeFnInvalid, ScopeSandboxUnavailable
from runner.services import bridges, model_routes
from runner.simulation import candidates
from runner.stages import endings, environment, preparing, tooling
from runner.stages.context import RunContext
from runner.stages.tooling import StageTools
from tenants.databases.roles import ReaderNotConfined
from tenants.errors import DatabaseBusy

log = logging.getLogger(__name__)
STAGE = "simulation"
STOPPED = "it was stopped"

_killers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="simulation-kill")


@dataclass
class Attempt:
    """One simulation in flight. `deadline` is the scope stage's end on the monotonic clock; `images` keeps the
    simulations of one run from building the same image beside each other.
    """

    ctx: RunContext
    rehearsal: Rehearsal
    budget: Budget
    deadline: float
    ordinal: int
    images: threading.Lock
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _handle: Prepared | None = field(default=None, repr=False)
    _aborted: bool = False

    def abort(self) -> None:
        """Have it end now. Returns at once; `carry_out` returns when it has ended."""
        with self._lock:
            self._aborted = True
            handle = self._handle
        if handle is not None:
            _killers.submit(handle.kill)

    def carry_out(self) -> Outcome:
        """Blocks until the container is gone. What goes wrong is an outcome too, unless it is our own fault."""
        try:
            candidate = self.rehearsal.candidate
            with candidates.opened(self.ctx, candidate) as seen, tooling.rehearsal_tools(self.ctx, seen) as tools:
                return self._with_container(tools)
        except ScopeFnInvalid as error:
            return Outcome(error=f"the scope function was refused: {error.reason}")
        except candidates.CandidateRefused as error:
            return Outcome(error=f"the candidate was refused: {error}")
        except ImageNotBuilt:
            return Outcome(error="the query agent's image could not be built")
        except RouteDisabled as error:
            return Outcome(error=str(error))
        except (EngineError, BridgeNotRunning, ScopeSandboxUnavailable, DatabaseBusy, ReaderNotConfined) as error:
            if self._aborted or self.ctx.active.stopped:
                return Outcome(error=STOPPED)
            log.warning("a simulation could not be carried out", extra={"error": type(error).__name__})
            return Outcome(error="it could not be started")
        finally:
            connections.close_all()  # a thread of a pool must not keep one for itself

    def _with_container(self, tools: StageTools) -> Outcome:
        ctx = self.ctx
        if self._aborted or ctx.active.stopped:
            return Outcome(error=STOPPED)
        with self.images:
            image = preparing.image_of(ctx, ctx.terms.query)
        ready = preparing.gated(ctx, ctx.terms.query, image=image, label=STAGE, ordinal=f"-{self.ordinal}")
        try:
            return self._released(ready, tools) if self._hold(ready.handle) else Outcome(error=STOPPED)
        finally:
            ready.listener.close()
            ready.handle.close()
            ctx.active.forget(ready.handle)

    def _hold(self, handle: Prepared) -> bool:
        with self._lock:
            self._handle = handle
            return not self._aborted

    def _released(self, ready: preparing.Ready, tools: StageTools) -> Outcome:
        query = self.ctx.terms.query
        token, tape = secrets.token_urlsafe(32), Tape(self.rehearsal.replay)
        deadline = min(self.deadline, time.monotonic() + query.timeout_seconds)
        session = StageSession(
            role="query",
            token=token,
            tools=tools.registry,
            interrupt_tools=tools.interrupt,
            budget=self.budget,
            deadline=deadline,
            llm=model_routes.route_of(self.ctx.terms, query),
            tape=tape,
        )
        variables = environment.simulated(self.ctx, self.rehearsal, budget=self.budget, token=token)
        opened = bridges.bridge().open(session, ready.listener)
        try:
            ready.handle.release(variables)
            ended = ready.handle.wait(deadline)
        finally:
            opened.close()
        return self._outcome(ended, tape)

    def _outcome(self, ended: Exit, tape: Tape) -> Outcome:
        if not ended.succeeded:
            limits = replace(self.ctx.terms.query, timeout_seconds=round(ended.seconds))
            return Outcome(error=endings.why(ended, limits))
        return Outcome(endings.output(ended), tuple(tape.recorded()))
