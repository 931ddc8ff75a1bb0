"""Submitting and cancelling runs: the only writers of a run before a worker has claimed it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from agents.services import sources, uploads
from agents.services.uploads import Unpacked
from attestation.canonical import ROOM_V1
from attestation.digests import text_hash
from attestation.encoding import b64
from attestation.sealing import aead
from attestation.sealing.context import prompt_context
from billing import payers
from billing.payers import Payer, Place
from hivemind.kit import audit, clock, handoff, ids
from hivemind.kit.conf import conf
from rooms.access import permissions, policies
from rooms.selectors import rooms
from rooms.selectors.rooms import LoadedRoom
from rooms.services import opening, vault
from runner import nudges
from runner.enums import RunStatus, StageName, StageStatus
from runner.errors import IdempotencyClash, NotYourRun, RunOver
from runner.models import RoomVersion, Run, Stage
from runner.services import agreeing, charging, finish, quotes
from runner.services.agreeing import Cast
from runner.services.requests import RunRequest
from runner.terms import RunTerms
from tenants.principals import Owner, Principal

QUEUE = "runs"
QUEUE_SECONDS = 900
MARGIN_SECONDS = 120


@dataclass(frozen=True)
class Submitted:
    """A run and whether it existed before this request."""

    run: Run
    replayed: bool


@dataclass(frozen=True)
class Ask:
    """Everything about one ask that is not in its body. `service` is the origin at which it came in."""

    principal: Principal
    room_id: str
    headers: Mapping[str, str]
    idempotency_key: str | None
    service: str = ""


@dataclass(frozen=True)
class Agreed:
    """A verified room, who carries the ask out, the room's key, and the package that came with the ask, if one did."""

    loaded: LoadedRoom
    cast: Cast
    room_key: bytes = field(repr=False)
    brought: Unpacked | None = None


def submit(ask: Ask, request: RunRequest) -> Submitted:
    """Freeze the terms, seal prompt and room key, store the run and wake a worker.

    The payer's hold is taken in the transaction that stores the run, and the caller's right to the room is held there.
    Raises what the room, its trust in the running build, the agents, the payer, the payer's balance or the room's seal
    say no with, IdempotencyClash, Unauthenticated when the caller's right ended meanwhile, and NoWorker when nobody is
    alive who could open the sealed key.
    """
    loaded = rooms.load(ask.principal, ask.room_id)
    cast = agreeing.cast_of(loaded, request, principal=ask.principal)
    room_key = opening.open_room_key(ask.principal, loaded.room)
    return store(ask, request, Agreed(loaded, cast, room_key))


def store(ask: Ask, request: RunRequest, agreed: Agreed) -> Submitted:
    """Store an ask whose agents are agreed, with what was brought for it, and wake a worker. Raises as `submit`."""
    loaded, cast, room_key = agreed.loaded, agreed.cast, agreed.room_key
    replay = _replay(ask, request, loaded)
    if replay is not None:
        return Submitted(replay, replayed=True)
    policies.check_build(loaded.verified.manifest)
    payer = payers.of(ask.headers, principal=ask.principal, place=Place(loaded.room.id, ask.service))
    now = clock.now()
    terms = quotes.priced(agreeing.freeze(loaded, request, cast, vault_items=vault.count(loaded.room)), at=now)
    run = _unsaved(ask, request, terms, payer, room_key)
    if agreed.brought is not None:
        run.deadline_at += timedelta(seconds=conf.sandbox.build_timeout_seconds)
    run.billing_hold_micro_usd, run.billing_status = charging.agree(
        quotes.of(terms, at=now), max_cost_micro_usd=request.max_cost_micro_usd
    )
    run.handoff = handoff.seal(
        {"room_key": b64(room_key), "source_keys": _source_keys(cast, ask, loaded, room_key)},
        subject=run.id,
        queue=QUEUE,
    )
    try:
        _insert(run, terms, ask, payer, agreed)
    except IntegrityError as error:
        replay = _replay(ask, request, loaded)
        if replay is None:
            raise IdempotencyClash from error
        return Submitted(replay, replayed=True)
    return Submitted(run, replayed=False)


def cancel(run: Run, *, principal: Principal) -> Run:
    """Stop a run that has not ended. A waiting run ends at once; a running one as soon as its worker notices.

    Raises RunOver and NotYourRun.
    """
    if not isinstance(principal, Owner) and run.issuer_token_id != principal.token_id:
        raise NotYourRun
    if run.ended_at is not None:
        raise RunOver
    request_stop(Run.objects.filter(pk=run.pk), actor=principal.actor)
    finish.end_unclaimed(run.pk)
    run.refresh_from_db()
    return run


def request_stop(runs: QuerySet[Run], *, actor: audit.Actor) -> int:
    """Ask every living run among `runs` to stop; returns how many were asked.

    Waiting ones end, each in a transaction of its own, once the present one is committed: nobody who has locked an
    account may ask for another run. The reaper ends whichever is missed.
    """
    now = clock.now()
    with transaction.atomic():
        living = runs.filter(ended_at=None, cancel_requested_at=None).order_by("payer_tenant_id", "pk")
        asked = list(living.select_for_update(no_key=True).values_list("pk", "tenant_id", "status"))
        Run.objects.filter(pk__in=[run_id for run_id, _, _ in asked]).update(cancel_requested_at=now, updated_at=now)
        for run_id, tenant_id, status in asked:
            audit.record(actor, "run.cancel", run_id, tenant_id=tenant_id)
            if status == RunStatus.PENDING:
                transaction.on_commit(partial(finish.end_unclaimed, run_id), robust=True)
    return len(asked)


def _replay(ask: Ask, request: RunRequest, loaded: LoadedRoom) -> Run | None:
    if ask.idempotency_key is None:
        return None
    run = Run.objects.filter(pk=ask.idempotency_key).first()
    if run is None:
        return None
    same_caller = run.issuer_role == ask.principal.role and run.issuer_token_id == _issuer_id(ask.principal)
    if run.room_id != loaded.room.id or not same_caller or run.request_sha256 != request.sha256:
        raise IdempotencyClash
    return run


def _issuer_id(principal: Principal) -> str:
    return "" if isinstance(principal, Owner) else principal.token_id


def _unsaved(ask: Ask, request: RunRequest, terms: RunTerms, payer: Payer, room_key: bytes) -> Run:
    now = clock.now()
    run_id = ask.idempotency_key or ids.run_id()
    context = prompt_context(tenant_id=terms.tenant_id, room_id=terms.room_id, run_id=run_id)
    return Run(
        id=run_id,
        tenant_id=terms.tenant_id,
        room_id=terms.room_id,
        scope_agent_id=terms.scope.agent_id,
        query_agent_id=terms.query.agent_id,
        mediator_agent_id=terms.mediator.agent_id if terms.mediator else "",
        room_manifest_hash=terms.manifest_hash,
        output_visibility=terms.output_visibility,
        terms=terms.to_json(),
        issuer_role=ask.principal.role,
        issuer_token_id=_issuer_id(ask.principal),
        payer_tenant_id=payer.tenant_id,
        payer_token_id=payer.token_id,
        request_sha256=request.sha256,
        prompt_sealed=aead.seal(room_key, request.query.encode("utf-8", "replace"), context=context),
        prompt_sha256=text_hash(request.query),
        billing_provider=terms.provider,
        billing_model=_models(terms),
        deadline_at=_deadline(terms, now),
        created_at=now,
        updated_at=now,
    )


def _models(terms: RunTerms) -> str:
    return ",".join(dict.fromkeys(stage.model for _, stage in terms.stages)) if terms.provider else ""


def _deadline(terms: RunTerms, now: datetime) -> datetime:
    stages = sum(stage.timeout_seconds for _, stage in terms.stages)
    return now + timedelta(seconds=QUEUE_SECONDS + stages + MARGIN_SECONDS)


def _source_keys(cast: Cast, ask: Ask, loaded: LoadedRoom, room_key: bytes) -> dict[str, str]:
    """Source keys that the room's key does not open: only an owner's own package that the manifest does not name."""
    signed = loaded.terms.agent_ids
    owner = ask.principal if isinstance(ask.principal, Owner) else None
    keys = {}
    for agent in cast.agents:
        if agent.id not in signed and owner is not None and agent.room_id == "":
            keys[agent.id] = b64(sources.open_source_key(agent, owner=owner))
    return keys


def _insert(run: Run, terms: RunTerms, ask: Ask, payer: Payer, agreed: Agreed) -> None:
    names = [StageName(name) for name, _ in terms.stages]
    if agreed.brought is not None:
        names.insert(0, StageName.BUILD)
    with transaction.atomic():
        permissions.hold_right(ask.principal, run.room_id)
        _keep_version(agreed.loaded, at=run.created_at)
        if agreed.brought is not None:
            uploads.bring(agreed.brought, room_key=agreed.room_key, actor=ask.principal.actor)
        run.save(force_insert=True)
        Stage.objects.bulk_create(
            Stage(run=run, name=name, position=position, status=StageStatus.WAITING)
            for position, name in enumerate(names)
        )
        audit.record(
            ask.principal.actor,
            "run.submit",
            run.id,
            tenant_id=run.tenant_id,
            room_id=run.room_id,
            status=RunStatus.PENDING,
        )
        charging.hold(run, terms, payer, actor=ask.principal.actor)
        transaction.on_commit(lambda: nudges.run(run.id))


def _keep_version(loaded: LoadedRoom, *, at: datetime) -> None:
    """The terms of a run stay, with their signature, when the room is signed anew."""
    room, manifest_hash = loaded.room, loaded.verified.manifest_hash
    if not RoomVersion.objects.filter(room=room, manifest_hash=manifest_hash).exists():
        envelope = ROOM_V1.encode(loaded.envelope).decode()
        row = RoomVersion(room=room, manifest_hash=manifest_hash, envelope=envelope, created_at=at)
        RoomVersion.objects.bulk_create([row], ignore_conflicts=True)
