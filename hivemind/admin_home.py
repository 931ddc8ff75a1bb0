"""The operator's landing page: what needs me now, how the services are, and the newest runs.

Everything is shown only to those who may see the lists behind it.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count as Total
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from agents.admin import builds
from agents.models import Agent, ImageBuild
from billing.admin import amounts
from hivemind import admin_business, admin_services
from hivemind.admin_business import Need
from hivemind.kit.admin import columns, workers
from hivemind.kit.admin.health import Health
from hivemind.kit.models import WorkerKey
from rooms.models import Room
from runner.admin import overview, states, timeline
from runner.models import Run
from tenants.models import Tenant

QUEUES = ("runs", "builds")


@dataclass(frozen=True)
class Count:
    """A number on the page, what it counts, a remark, and the list behind it."""

    title: str
    number: str
    remark: str
    url: str


def context(request: HttpRequest, shared: dict[str, Any]) -> dict[str, Any]:
    """The theme's context of the index, with what the page shows."""
    may = request.user.has_perm
    sees_runs = may("runner.view_run")
    known = workers.known()
    services = admin_services.all_health()
    needs = [
        *_of_services(services),
        *_of_workers(known),
        *(_of_runs() if sees_runs else []),
        *(_of_builds() if may("agents.view_imagebuild") else []),
        *admin_business.needs(request),
    ]
    shared |= {
        "title": "Home",
        "needs": sorted(needs, key=lambda need: need.weight != "danger"),
        "services": services,
        "workers": [_worker(worker) for worker in known] if may("kit.view_workerkey") else None,
        "counts": _counts(request),
        "charts": admin_business.drawn(request),
        "hours": overview.by_hour() if sees_runs else None,
        "newest": [_line(run) for run in overview.newest()] if sees_runs else None,
        "all_runs": columns.list_of("runner_run"),
    }
    return shared


def _of_services(services: list[Health]) -> list[Need]:
    return [Need("danger", f"{service.name}: {service.said}") for service in services if not service.well]


def _of_workers(known: list[WorkerKey]) -> list[Need]:
    served = {queue for worker in known if workers.is_alive(worker) for queue in worker.queues.split(",")}
    missing = [queue for queue in QUEUES if queue not in served]
    if not missing:
        return []
    text = f"No living worker takes {' or '.join(missing)}: whoever asks is turned away"
    return [Need("danger", text, columns.list_of("kit_workerkey"))]


def _of_runs() -> list[Need]:
    needs = []
    count, since = overview.waiting()
    if count:
        text = f"{columns.counted(count, 'run')} waiting for more than 30 s, the first asked {since}"
        needs.append(Need("danger", text, columns.list_of("runner_run", waited="now")))
    failures = overview.failures()
    if failures:
        reasons = ", ".join(f"{reason} ({number})" for reason, number in failures)
        text = f"{columns.counted(sum(number for _, number in failures), 'run')} failed in the last day: {reasons}"
        needs.append(Need("warning", text, columns.list_of("runner_run", failed="yes")))
    return needs


def _of_builds() -> list[Need]:
    failed = builds.failed_lately(ImageBuild.objects.order_by()).count()
    stuck = builds.stuck(ImageBuild.objects.order_by()).count()
    told = [
        (
            "danger",
            stuck,
            f"{columns.counted(stuck, 'build')} stuck",
            columns.list_of("agents_imagebuild", stuck="yes"),
        ),
        (
            "warning",
            failed,
            f"{columns.counted(failed, 'build')} failed in the last day",
            columns.list_of("agents_imagebuild", failed="yes"),
        ),
    ]
    return [Need(weight, text, url) for weight, count, text, url in told if count]


def _counts(request: HttpRequest) -> list[Count]:
    may, counts = request.user.has_perm, []
    if may("runner.view_run"):
        lately = overview.lately(Run.objects.order_by())
        remark = f"{lately['completed']} answered, {lately['failed']} failed, {lately['going']} going"
        counts.append(
            Count("Runs in the last day", columns.number(lately["asked"]), remark, columns.list_of("runner_run"))
        )
    if may("billing.view_account"):
        books = admin_business.books()
        held, spent = amounts.plain(books.held_micro_usd), amounts.plain(sum(books.charged))
        remark = f"{held} on hold, {spent} spent in 30 days"
        number = amounts.plain(books.available_micro_usd)
        counts.append(Count("Credit to spend", number, remark, columns.list_of("billing_account")))
    if may("rooms.view_room"):
        rooms, living = _all_and(Room.objects.all(), Q(revoked_at=None))
        remark = f"{columns.number(rooms - living)} revoked"
        counts.append(Count("Rooms in force", columns.number(living), remark, columns.list_of("rooms_room")))
    if may("tenants.view_tenant"):
        tenants, suspended = _all_and(Tenant.objects.all(), ~Q(suspended_at=None))
        remark = f"{columns.number(suspended)} suspended"
        counts.append(Count("Tenants", columns.number(tenants), remark, columns.list_of("tenants_tenant")))
    if may("agents.view_agent"):
        agents, built = _all_and(Agent.objects.all(), ~Q(image_id=""))
        remark = f"{columns.number(built)} with image"
        counts.append(Count("Agents", columns.number(agents), remark, columns.list_of("agents_agent")))
    return counts


def _all_and(rows: QuerySet[Any], some: Q) -> tuple[int, int]:
    """How many rows there are, and how many of them are `some`; in one query."""
    found = rows.order_by().aggregate(all=Total("pk"), some=Total("pk", filter=some))
    return found["all"], found["some"]


def _worker(worker: WorkerKey) -> dict[str, Any]:
    return {
        "name": worker.worker_id,
        "url": columns.page_of("kit_workerkey", worker.worker_id),
        "alive": workers.is_alive(worker),
        "queues": worker.queues.replace(",", ", "),
        "heartbeat": columns.moment(worker.heartbeat_at),
    }


def _line(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "url": columns.page_of("runner_run", run.pk),
        "state": states.badge(run),
        "room": run.room.name or run.room_id,
        "tenant": run.tenant.name,
        "asked": columns.moment(run.created_at),
        "took": columns.took(run.created_at, run.ended_at),
        "stages": timeline.strip(run),
    }
