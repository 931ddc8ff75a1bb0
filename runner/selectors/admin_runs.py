"""Runs of all tenants, for the operator: what was done and what it cost, never what was asked or answered."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from hivemind.kit.api.pagination import Page, cut, position
from runner.enums import RunStatus
from runner.errors import RunNotFound
from runner.models import Run

# Nothing else is read: no prompt, no output, no sealed bytes, no words of an agent.
COLUMNS: Final = (
    *("id", "tenant__name", "room__name", "status", "failure_code"),
    *("scope_agent_id", "query_agent_id", "mediator_agent_id", "room_manifest_hash", "output_visibility", "terms"),
    *("issuer_token_id", "payer_tenant_id", "payer_token_id", "usage"),
    *("billing_status", "billing_provider", "billing_model"),
    *("billing_hold_micro_usd", "billing_cost_micro_usd", "billing_settled_at", "created_at", "updated_at"),
)
# Of every tenant only the beginning of its own index is read, however many runs there are.
_NEWEST: Final = """
    SELECT newest.id FROM tenants_tenant t CROSS JOIN LATERAL (
        SELECT r.id, r.created_at FROM runner_run r
        WHERE r.tenant_id = t.id AND (%s = '' OR r.billing_status = %s)
          AND (%s::text[] IS NULL OR r.status = ANY(%s::text[]))
          AND (%s::timestamptz IS NULL OR (r.created_at, r.id) < (%s::timestamptz, %s))
        ORDER BY r.created_at DESC, r.id DESC LIMIT %s
    ) newest
    WHERE %s = '' OR t.id = %s
    ORDER BY newest.created_at DESC, newest.id DESC LIMIT %s
"""


@dataclass(frozen=True)
class Wanted:
    """Which runs: empty texts mean any. On one page no more than `per_tenant` of one tenant and `limit` in all."""

    limit: int
    per_tenant: int
    tenant_id: str = ""
    status: str = ""
    billing_status: str = ""
    cursor: str = ""


def newest(wanted: Wanted) -> Page[Run]:
    """The newest runs that are wanted, newest first. Two queries. Raises BadCursor."""
    statuses = _statuses(wanted.status)
    bill, tenant = wanted.billing_status, wanted.tenant_id
    before, key = position(wanted.cursor) if wanted.cursor else (None, "")
    params: list[Any] = [bill, bill, statuses, statuses, before, before, key]
    params += [wanted.per_tenant, tenant, tenant, wanted.limit + 1]
    runs = _readable().filter(pk__in=RawSQL(_NEWEST, params)).order_by("-created_at", "-pk")  # noqa: S611
    return cut(list(runs), limit=wanted.limit)


def get(run_id: str) -> Run:
    """One run of any tenant. Raises RunNotFound."""
    run = _readable().filter(pk=run_id).first()
    if run is None:
        raise RunNotFound
    return run


def _readable() -> QuerySet[Run]:
    signed = Case(When(receipt="", then=Value(False)), default=Value(True), output_field=BooleanField())
    runs = Run.objects.select_related("tenant", "room").prefetch_related("stages")
    return runs.only(*COLUMNS).annotate(signed=signed)


def _statuses(public: str) -> list[str] | None:
    """The states that the wire calls so; None for any."""
    if public == RunStatus.FAILED:
        return [RunStatus.FAILED, RunStatus.CANCELLED]
    return [public] if public else None
