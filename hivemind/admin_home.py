"""The operator's landing page: what needs me now, how the services are, and the newest runs.

Everything is shown only to those who may see the lists behind it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from billing.admin import amounts
from hivemind import admin_business, admin_counts, admin_services
from hivemind.admin_business import Need
from hivemind.admin_counts import Counts
from hivemind.kit.admin import columns, jobs, workers
from hivemind.kit.admin.health import Health
from hivemind.kit.models import WorkerKey
from runner.admin import overview, states, timeline
from runner.enums import RunStatus
from runner.models import Run

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
    counted = admin_counts.counted(may)
    needs = [
        *_of_services(services),
        *_of_workers(known),
        *(_of_jobs() if may("kit.view_scheduledjob") else ()),
        *_of_runs(counted),
        *_of_builds(counted),
        *(_of_rooms() if may("rooms.view_room") else ()),
        *admin_business.needs(request, counted),
    ]
    shared |= {
        "title": "Home",
        "needs": sorted(needs, key=lambda need: need.weight != "danger"),
        "services": services,
        "workers": [_worker(worker) for worker in known] if may("kit.view_workerkey") else None,
        "counts": _counts(request, counted),
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


def _of_jobs() -> list[Need]:
    troubles = ((job.pk, jobs.trouble(job)) for job in jobs.all_jobs())
    return [Need("danger", f"Job {text}", columns.page_of("kit_scheduledjob", key)) for key, text in troubles if text]


def _of_runs(counted: Counts) -> list[Need]:
    needs = []
    waiting = counted.of("waiting runs")
    if waiting.number:
        since = columns.ago(datetime.fromtimestamp(waiting.more, UTC))
        text = f"{columns.counted(waiting.number, 'run')} waiting for more than 30 s, the first asked {since}"
        needs.append(Need("danger", text, columns.list_of("runner_run", waited="now")))
    failures = {code: failed.number for code, failed in counted.by_part("failed runs").items() if failed.number}
    if failures:
        most = sorted(failures.items(), key=lambda failure: -failure[1])
        reasons = ", ".join(f"{states.whose(code)} ({number})" for code, number in most)
        text = f"{columns.counted(sum(failures.values()), 'run')} failed in the last day: {reasons}"
        needs.append(Need("warning", text, columns.list_of("runner_run", failed="yes")))
    return needs


def _of_builds(counted: Counts) -> list[Need]:
    failed, stuck = counted.of("failed builds").number, counted.of("stuck builds").number
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


def _of_rooms() -> list[Need]:
    count = admin_business.soon()["rooms locked out"][""].number
    text = f"{columns.counted(count, 'room')} in force accept" + ("s" if count == 1 else "") + " no build that runs now"
    return [Need("warning", text, reverse("admin:rooms_room_by_build"))] if count else []


def _counts(request: HttpRequest, counted: Counts) -> list[Count]:
    may, counts = request.user.has_perm, []
    if may("runner.view_run"):
        by_status = counted.by_part("runs")
        asked, going = (sum(getattr(each, name) for each in by_status.values()) for name in ("number", "more"))
        answered, failed = (counted.of("runs", status).number for status in (RunStatus.COMPLETED, RunStatus.FAILED))
        remark = f"{answered} answered, {failed} failed, {going} going"
        counts.append(Count("Runs in the last day", columns.number(asked), remark, columns.list_of("runner_run")))
    if may("billing.view_account"):
        books = admin_business.books()
        held, spent = amounts.plain(books.held_micro_usd), amounts.plain(sum(books.charged))
        remark = f"{held} on hold, {spent} spent in 30 days"
        number = amounts.plain(books.available_micro_usd)
        counts.append(Count("Credit to spend", number, remark, columns.list_of("billing_account")))
    if may("rooms.view_room"):
        rooms = counted.of("rooms")
        remark = f"{columns.number(rooms.number - rooms.more)} revoked or expired"
        counts.append(Count("Rooms in force", columns.number(rooms.more), remark, columns.list_of("rooms_room")))
    if may("tenants.view_tenant"):
        tenants = counted.of("tenants")
        remark = f"{columns.number(tenants.more)} suspended"
        counts.append(Count("Tenants", columns.number(tenants.number), remark, columns.list_of("tenants_tenant")))
    if may("agents.view_agent"):
        agents = counted.of("agents")
        remark = f"{columns.number(agents.more)} with image"
        counts.append(Count("Agents", columns.number(agents.number), remark, columns.list_of("agents_agent")))
    return counts


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
