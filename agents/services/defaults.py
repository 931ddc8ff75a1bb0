"""Keeping the agents of the service stored: one row for all tenants, whose source anybody may read."""

import logging

from django.db import connection, transaction

from agents import defaults
from agents.defaults import DefaultAgent
from agents.enums import InspectionMode
from agents.models import Agent
from agents.packages.folder import FolderUnusable
from agents.services import sources
from attestation import digests
from hivemind.kit import audit, clock
from hivemind.kit.conf import conf
from tenants.models import SERVICE_TENANT_ID, Tenant

log = logging.getLogger(__name__)
ACTOR = audit.Actor.system("default-agents")
# What the settings decide beside the source.
SET = ("description", "agent_type", "harness", "memory_mb", "max_llm_calls", "max_tokens", "timeout_seconds")
LOCK = 0x68697665  # any two processes that register wait for each other


def register() -> None:
    """Bring what is stored in line with the settings and the folders. Idempotent; what is unusable is logged.

    An agent whose source changed keeps its id: rooms that were signed with the old source say so instead of running.
    """
    for offered in defaults.offered():
        try:
            _store(offered, offered.files(), actor=ACTOR)
        except FolderUnusable as error:
            log.error("a default agent cannot be offered: %s", error, extra={"agent_id": offered.agent_id})


def register_missing() -> None:
    """Register when something that the settings offer is not stored yet."""
    wanted = defaults.offered_ids()
    if wanted and Agent.objects.filter(pk__in=wanted).count() < len(wanted):
        register()


def _store(offered: DefaultAgent, files: list[digests.SourceFile], *, actor: audit.Actor) -> None:
    source_sha256 = digests.source_digest(files)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        before = Agent.objects.filter(pk=offered.agent_id).first()
        agent = _row(offered, files, source_sha256)
        if before is not None and before.source_sha256 == source_sha256:
            changed = {name: getattr(agent, name) for name in SET if getattr(agent, name) != getattr(before, name)}
            if changed:
                Agent.objects.filter(pk=before.pk).update(**changed)
            return
        _ensure_service_tenant()
        if before is not None:
            before.files.all().delete()
            before.builds.all().delete()
        agent.save()
        sources.store(agent, files, source_key=sources.open_key(source_sha256))
        audit.record(actor, "agent.offer", agent.pk, source_sha256=source_sha256, count=len(files))
        log.info("a default agent is stored", extra={"agent_id": agent.pk})


def _row(offered: DefaultAgent, files: list[digests.SourceFile], source_sha256: str) -> Agent:
    """The agent as the settings want it: inspectable, with the operator's largest limits."""
    kept = digests.stored_files(files)
    budgets = conf.budgets
    return Agent(
        id=offered.agent_id,
        tenant_id=SERVICE_TENANT_ID,
        name=offered.agent_id,
        description=f"Offered by this service to every tenant, as {offered.image}.",
        agent_type=offered.role,
        inspection_mode=InspectionMode.FULL,
        harness=offered.harness,
        memory_mb=conf.sandbox.memory_mb,
        max_llm_calls=budgets.max_llm_calls,
        max_tokens=budgets.max_tokens,
        timeout_seconds=budgets.stage_timeout_seconds,
        files_count=len(kept),
        files_digest=digests.files_digest(files),
        attested_files_count=len(kept),
        attested_files_digest=digests.attested_files_digest(files),
        source_sha256=source_sha256,
        source_bytes=sum(len(file.content) for file in files),
        created_at=clock.now(),
    )


def _ensure_service_tenant() -> None:
    Tenant.everybody.get_or_create(
        pk=SERVICE_TENANT_ID,
        defaults={
            "name": "this service",
            "db_name": f"tenant_{SERVICE_TENANT_ID}",
            "db_owner": f"owner_{SERVICE_TENANT_ID}",
            "created_at": clock.now(),
            "suspended_at": clock.now(),
        },
    )
