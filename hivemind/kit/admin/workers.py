"""Worker processes: which are alive, and what they take."""

from datetime import timedelta

from django.contrib import admin

from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.questions import Answer, question
from hivemind.kit.handoff import ALIVE_SECONDS
from hivemind.kit.models import WorkerKey

SHOWN = ("worker_id", "queues", "started_at", "heartbeat_at")


def is_alive(worker: WorkerKey) -> bool:
    """Whether the worker's heartbeat is recent."""
    return worker.heartbeat_at >= clock.now() - timedelta(seconds=ALIVE_SECONDS)


def known() -> list[WorkerKey]:
    """Every worker that is not forgotten yet, the liveliest first, without its key."""
    return list(WorkerKey.objects.only(*SHOWN)[:100])


def _since() -> object:
    return clock.now() - timedelta(seconds=ALIVE_SECONDS)


@admin.register(WorkerKey)
class WorkerAdmin(ShownAdmin):
    """A worker is gone when its heartbeat stops; its row is forgotten an hour later."""

    shown = SHOWN
    list_display = ("worker", "state", "queues", "started", "heartbeat")
    list_filter = (
        question(
            "Alive?",
            "alive",
            Answer("yes", "yes", lambda rows: rows.filter(heartbeat_at__gte=_since())),
            Answer("no", "no", lambda rows: rows.filter(heartbeat_at__lt=_since())),
        ),
    )
    fieldsets = ((None, {"fields": (("worker", "state"), "queues", ("started", "heartbeat"))}),)

    @column("Worker")
    def worker(self, row: WorkerKey) -> object:
        """Host, process number and a random part."""
        return columns.code(row.worker_id)

    @column("State")
    def state(self, row: WorkerKey) -> object:
        """Whether the heartbeat is recent."""
        return columns.badge("success", "alive") if is_alive(row) else columns.badge("danger", "gone")

    @column("Started")
    def started(self, row: WorkerKey) -> object:
        """When the process started."""
        return columns.moment(row.started_at)

    @column("Heartbeat")
    def heartbeat(self, row: WorkerKey) -> object:
        """When it was heard last."""
        return columns.moment(row.heartbeat_at)
