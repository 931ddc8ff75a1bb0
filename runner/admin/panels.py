"""What the page of a run tells below its facts. Terms and receipts are read member by member, never shown whole."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest

from hivemind.kit.admin import columns, panels
from hivemind.kit.admin.panels import Panel
from rooms.models import Room
from runner.admin import overview, timeline
from runner.models import Artifact, Run
from runner.services import finish
from tenants.models import Tenant

ROLES = ("scope", "query", "mediator")
TOTALS = (
    ("calls", "Model calls"),
    ("prompt_tokens", "Prompt tokens"),
    ("completion_tokens", "Completion tokens"),
    ("total_tokens", "Tokens together"),
    ("max_tokens", "Token budget"),
)
BETWEEN = {"scope_fn": "a scope function", "row_policies": "row policies in the database"}
SIGNERS = {
    "development": "signed with the development key, which proves nothing about hardware",
    "dstack": "signed with a key that attested hardware vouches for",
}


def of_run(run: Run) -> Iterator[Panel]:
    """The panels of a run whose stages are loaded."""
    yield Panel("Stages", template="hivemind/admin/timeline.html", data=timeline.bars(run), first=True)
    yield _limits(run)
    yield _usage(run)
    yield _receipt(run)


def _limits(run: Run) -> Panel:
    names = [f"terms__{role}" for role in ROLES]
    terms = Run.objects.filter(pk=run.pk).values(*names).get()
    stages = [(role, terms[f"terms__{role}"]) for role in ROLES if terms[f"terms__{role}"]]
    return Panel(
        "Limits after clamping",
        headers=("Stage", "Time", "Model calls", "Memory", "Model"),
        rows=[
            (
                role,
                f"{stage['timeout_seconds']} s",
                columns.number(stage["max_llm_calls"]),
                f"{stage['memory_mb']} MB",
                stage["model"] or columns.NOTHING,
            )
            for role, stage in stages
        ],
    )


def _usage(run: Run) -> Panel:
    names = [f"usage__{name}" for name, _ in TOTALS]
    used = Run.objects.filter(pk=run.pk).values(*names).get()
    facts: list[tuple[str, object]] = [(title, _whole(used[f"usage__{name}"])) for name, title in TOTALS]
    kept = Artifact.objects.filter(run=run).exclude(released_at=None)
    left = kept.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    facts.append(("Artifacts kept", f"{left['count']}, {columns.size(left['size'] or 0)}"))
    return Panel("Usage", facts=facts)


def _receipt(run: Run) -> Panel:
    whole = Run.objects.only("id", "receipt").get(pk=run.pk)
    try:
        record = finish.receipt_of(whole)
    except ValueError:
        return Panel("Receipt", facts=[("State", "stored, and damaged")])
    if record is None:
        return Panel("Receipt", facts=[("State", "none")])
    body: Mapping[str, Any] = record.get("body", {})
    kind = str(body.get("signer_kind", ""))
    runtime = str(body.get("container_runtime") or columns.NOTHING)
    return Panel(
        "Receipt",
        facts=[
            ("State", SIGNERS.get(kind, "signed, by an unknown kind of key")),
            ("Containers ran on", runtime),
            ("Between agent and data", _between(body)),
        ],
    )


def _between(body: Mapping[str, Any]) -> str:
    names = body.get("scope_enforcement")
    told = [BETWEEN.get(name, "something unknown") for name in names] if isinstance(names, list) else []
    return " and ".join(told) or columns.NOTHING


def _whole(value: object) -> str:
    return columns.number(value) if isinstance(value, int) else columns.NOTHING


def _runs_of(what: Tenant | Room, request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("runner.view_run"):
        return None
    field = "tenant" if isinstance(what, Tenant) else "room"
    lately = overview.lately(Run.objects.filter(**{field: what}))
    facts = [(name, columns.number(lately[name])) for name in ("asked", "completed", "failed", "cancelled", "going")]
    return Panel(
        "Runs in the last day", facts=facts, url=columns.list_of("runner_run", q=what.pk), url_text="all its runs"
    )


panels.add("tenants.tenant", _runs_of)
panels.add("rooms.room", _runs_of)
