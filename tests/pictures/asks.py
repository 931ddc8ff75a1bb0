"""Runs with stages, tokens and costs as they would have been, each paid through the ledger."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from billing.money import TokenPrice, charge_micro_usd
from billing.services import ledger
from billing.services.ledger import HoldRequest
from hivemind.kit import ids
from hivemind.kit.audit import Actor
from rooms.models import Room
from runner.enums import BillingStatus, FailureCode, RunStatus, StageStatus
from runner.models import Run, Stage
from tests.pictures.moments import at

STAGES = ("scope", "query", "mediator")
FAILS = {"scope": FailureCode.SCOPE_AGENT, "query": FailureCode.QUERY_AGENT, "mediator": FailureCode.MEDIATOR_AGENT}
SECONDS = {"scope": (3, 8), "query": (6, 22), "mediator": (2, 5)}
TOKENS = {"scope": (2_500, 6_000), "query": (9_000, 42_000), "mediator": (1_500, 4_000)}
WORKER = "rooms-1-4f2a91"
ASKER = Actor("invite:5b1c09e2d7aa")


@dataclass(frozen=True)
class Model:
    """What the stages of a run think with; without rates it has no price."""

    provider: str
    name: str
    rates: TokenPrice | None


GLM = Model("openrouter", "z-ai/glm-5", TokenPrice(600_000, 2_080_000))
SONNET = Model("openrouter", "anthropic/claude-sonnet-4.5", TokenPrice(3_000_000, 15_000_000))
UNPRICED = Model("openrouter", "qwen/qwen3-max", None)


@dataclass(frozen=True)
class Place:
    """A room and its three agents, in the order of the stages."""

    room: Room
    agents: tuple[str, str, str]


@dataclass(frozen=True)
class Ask:
    """One question: where, who pays, when, with what, and which stage fails if one does."""

    place: Place
    payer_id: str
    asked_at: datetime
    model: Model = GLM
    fails: str = ""
    token_id: str = ""


def answered(ask: Ask, dice: random.Random) -> Run:
    """A run that ended, with an answer or without, and was paid."""
    stages, end = _stages(ask, dice)
    spent = [(stage.usage["prompt_tokens"], stage.usage["completion_tokens"]) for stage in stages]
    cost, hold = _cost(ask.model, spent), _hold(ask.model)
    status = RunStatus.FAILED if ask.fails else RunStatus.COMPLETED
    run = _row(ask, status, ended_at=end, usage=_together(spent))
    run.failure_code = FAILS.get(ask.fails, "")
    run.error = "an error" if ask.fails else ""
    run.receipt = '{"body": {"signer_kind": "development", "container_runtime": "runsc"}}'
    run.billing_hold_micro_usd, run.billing_cost_micro_usd = hold, cost
    run.billing_status = BillingStatus.SETTLED if hold else BillingStatus.PRICING_MISSING
    _save(run, stages)
    if hold:
        _take(ask, run, hold)
        with at(end):
            ledger.settle(run.pk, cost_micro_usd=cost, actor=Actor.system("runner"), details={})
    return run


def going(ask: Ask, dice: random.Random, *, age_seconds: float) -> Run:
    """A run in its query stage."""
    run = _row(ask, RunStatus.RUNNING, ended_at=None, usage={})
    run.handoff = {"worker": WORKER}
    run.billing_hold_micro_usd, run.billing_status = _hold(ask.model), BillingStatus.HELD
    begun = ask.asked_at + timedelta(seconds=0.6)
    first = Stage(run=run, name="scope", position=0, status=StageStatus.DONE, started_at=begun, exit_reason="exited")
    first.exit_code, first.usage = 0, {"prompt_tokens": 4_120, "completion_tokens": 790}
    first.ended_at = ask.asked_at + timedelta(seconds=age_seconds / 3)
    second = Stage(run=run, name="query", position=1, status=StageStatus.EXECUTING, started_at=first.ended_at)
    _save(run, [first, second, Stage(run=run, name="mediator", position=2, status=StageStatus.WAITING)])
    _take(ask, run, run.billing_hold_micro_usd)
    return run


def _take(ask: Ask, run: Run, hold: int) -> None:
    wanted = HoldRequest(
        run_id=run.pk,
        tenant_id=ask.payer_id,
        amount_micro_usd=hold,
        expires_at=run.deadline_at + timedelta(hours=1),
        enforce=False,
        spend_token_id=ask.token_id,
    )
    with at(ask.asked_at):
        ledger.hold(wanted, actor=ASKER)


def _row(ask: Ask, status: RunStatus, *, ended_at: datetime | None, usage: dict[str, int]) -> Run:
    room, agents = ask.place.room, ask.place.agents
    return Run(
        id=ids.run_id(),
        tenant_id=room.tenant_id,
        room=room,
        status=status,
        scope_agent_id=agents[0],
        query_agent_id=agents[1],
        mediator_agent_id=agents[2],
        room_manifest_hash=room.manifest_hash,
        output_visibility="querier_only",
        terms=_terms(ask),
        issuer_role="query",
        issuer_token_id="5b1c09e2d7aa",
        payer_tenant_id=ask.payer_id,
        payer_token_id=ask.token_id,
        request_sha256="0" * 64,
        prompt_sha256="0" * 64,
        usage=usage,
        billing_provider=ask.model.provider,
        billing_model=ask.model.name,
        fence=1,
        worker_id=WORKER,
        deadline_at=ask.asked_at + timedelta(minutes=20),
        created_at=ask.asked_at,
        updated_at=ended_at or ask.asked_at,
        ended_at=ended_at,
    )


def _terms(ask: Ask) -> dict[str, Any]:
    rates = ask.model.rates
    stage = {
        "timeout_seconds": 120,
        "max_llm_calls": 20,
        "memory_mb": 256,
        "model": ask.model.name,
        "prompt_micro_usd_per_mtok": rates.prompt_micro_usd if rates else None,
        "completion_micro_usd_per_mtok": rates.completion_micro_usd if rates else None,
    }
    room = {"room_id": ask.place.room.pk, "allow_artifacts": True, "output_visibility": "querier_only"}
    return {**dict.fromkeys(STAGES, stage), **room, "provider": ask.model.provider, "max_tokens": 100_000}


def _stages(ask: Ask, dice: random.Random) -> tuple[list[Stage], datetime]:
    clock, over, found = ask.asked_at + timedelta(seconds=dice.uniform(0.3, 1.1)), False, []
    for position, name in enumerate(STAGES):
        stage = Stage(name=name, position=position, status=StageStatus.SKIPPED)
        stage.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        if not over:
            over = name == ask.fails
            stage.status = StageStatus.FAILED if over else StageStatus.DONE
            stage.started_at, clock = clock, clock + timedelta(seconds=dice.uniform(*SECONDS[name]))
            stage.ended_at, stage.exit_reason, stage.exit_code = clock, "exited", int(over)
            prompt = dice.randint(*TOKENS[name])
            stage.usage = {"prompt_tokens": prompt, "completion_tokens": prompt // dice.randint(4, 9)}
        found.append(stage)
    return found, clock + timedelta(seconds=0.4)


def _together(spent: list[tuple[int, int]]) -> dict[str, int]:
    prompt, completion = sum(p for p, _ in spent), sum(c for _, c in spent)
    total = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {"calls": 5, "max_tokens": 100_000, **total}


def _cost(model: Model, spent: list[tuple[int, int]]) -> int:
    if model.rates is None:
        return 0
    return sum(charge_micro_usd(prompt_tokens=p, completion_tokens=c, price=model.rates) for p, c in spent)


def _hold(model: Model) -> int:
    return math.ceil(model.rates.completion_micro_usd / 10) if model.rates else 0


def _save(run: Run, stages: list[Stage]) -> None:
    run.save(force_insert=True)
    for stage in stages:
        stage.run = run
    Stage.objects.bulk_create(stages)
