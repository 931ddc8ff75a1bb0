"""The list of image builds. What a build printed belongs to its uploader, so only reasons of our own are told."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest

from agents.enums import BuildStatus
from agents.models import Agent, ImageBuild
from agents.services import builds
from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question

SHOWN = (
    *("id", "agent", "agent__name", "agent__tenant_id", "agent__tenant__name", "status", "fence", "worker_id"),
    *("created_at", "started_at", "ended_at", "deadline_at"),
    *("run_id", "step", "steps", "shared"),
)
STUCK_SECONDS = 60
GOING = (BuildStatus.PENDING, BuildStatus.RUNNING)
OUR_REASONS = (builds.WORKER_GONE, builds.PLATFORM_FAILED, builds.ABANDONED, "its deadline passed")
UPLOADERS = "told to its uploader alone"
COLOURS = {"pending": "info", "running": "going", "completed": "success", "failed": "danger"}


def failed_lately(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Builds that failed in the last day."""
    now = clock.now()
    return rows.filter(
        status=BuildStatus.FAILED, created_at__gte=now - timedelta(days=2), ended_at__gte=now - timedelta(days=1)
    )


def stuck(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Builds that nobody took up for a minute, and those past their deadline."""
    now = clock.now()
    waiting = rows.filter(status=BuildStatus.PENDING, created_at__lt=now - timedelta(seconds=STUCK_SECONDS))
    return waiting | rows.filter(status__in=GOING, deadline_at__lt=now)


def blame() -> Case:
    """Why a build failed, as far as it was us; told apart in the database, so that other texts never leave it."""
    ours = [When(error=reason, then=Value(reason)) for reason in OUR_REASONS]
    return Case(When(error="", then=Value("")), *ours, default=Value(UPLOADERS))


@admin.register(ImageBuild)
class ImageBuildAdmin(ShownAdmin):
    """Builds, newest first."""

    shown = SHOWN
    list_select_related = ("agent__tenant",)
    list_display = ("build", "state", "progress", "agent_link", "tenant", "asked", "waited", "duration", "why")
    list_filter = (
        question(
            "Still going?",
            "going",
            Answer("yes", "yes", lambda rows: rows.filter(status__in=GOING)),
            Answer("no", "no", lambda rows: rows.exclude(status__in=GOING)),
        ),
        question("Failed in the last day?", "failed", Answer("yes", "yes", failed_lately)),
        question("Stuck?", "stuck", Answer("yes", "yes", stuck)),
    )
    search_fields = ("id__startswith", "agent__id__startswith", "agent__tenant__id__startswith")
    search_help_text = "Beginning of the id of a build, agent or tenant"
    paginator = CappedPaginator
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("build", "state"),
                    ("progress", "of_run"),
                    "why",
                    ("agent_link", "tenant"),
                    ("worker", "claims"),
                )
            },
        ),
        ("Times", {"fields": (("asked_exactly", "started"), ("ended", "deadline"), ("waited", "duration"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Builds with the reason of their failure, where it is ours."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(blame=blame())
        return rows

    @column("Build")
    def build(self, row: ImageBuild) -> object:
        """The id, which clients follow like a run's."""
        return columns.code(row.pk)

    @column("State")
    def state(self, row: ImageBuild) -> object:
        """The state."""
        return columns.badge(COLOURS[row.status], row.status)

    @column("Steps")
    def progress(self, row: ImageBuild) -> str:
        """Which instruction is being carried out or was the last, or that there was nothing to do."""
        if row.shared:
            return "image of an equal upload"
        return f"{row.step} of {row.steps}" if row.steps else columns.NOTHING

    @column("Run")
    def of_run(self, row: ImageBuild) -> object:
        """The run that it is a part of."""
        return columns.row("runner_run", row.run_id)

    @column("Agent")
    def agent_link(self, row: ImageBuild) -> object:
        """What is built."""
        return columns.row("agents_agent", row.agent_id, row.agent.name)

    @column("Tenant")
    def tenant(self, row: ImageBuild) -> object:
        """Whose it is."""
        return columns.row("tenants_tenant", row.agent.tenant_id, row.agent.tenant.name)

    @column("Asked")
    def asked(self, row: ImageBuild) -> object:
        """When it was asked for."""
        return columns.moment(row.created_at)

    @column("Waited")
    def waited(self, row: ImageBuild) -> str:
        """How long it waited for a worker, or has been waiting."""
        return columns.took(row.created_at, row.started_at or row.ended_at or clock.now())

    @column("Took")
    def duration(self, row: ImageBuild) -> str:
        """How long it took, or has been going."""
        return columns.took(row.started_at, row.ended_at or clock.now())

    @column("Why it failed")
    def why(self, row: Any) -> str:
        """Our own reason, or whom it was told to."""
        return row.blame or columns.NOTHING

    @column("Worker")
    def worker(self, row: ImageBuild) -> object:
        """The process that has it or had it."""
        return columns.row("kit_workerkey", row.worker_id)

    @column("Claims")
    def claims(self, row: ImageBuild) -> str:
        """How often a worker took it up."""
        return columns.number(row.fence)

    @column("Asked")
    def asked_exactly(self, row: ImageBuild) -> object:
        """When it was asked for."""
        return columns.both(row.created_at)

    @column("Started")
    def started(self, row: ImageBuild) -> object:
        """When a worker took it up."""
        return columns.both(row.started_at)

    @column("Ended")
    def ended(self, row: ImageBuild) -> object:
        """When it ended."""
        return columns.both(row.ended_at)

    @column("Deadline")
    def deadline(self, row: ImageBuild) -> object:
        """When it is given up."""
        return columns.both(row.deadline_at)


def panel(agent: Agent) -> Panel:
    """The newest builds of an agent."""
    rows = ImageBuild.objects.filter(agent=agent).only(*SHOWN[:1], *SHOWN[4:]).annotate(blame=blame())[:10]
    return Panel(
        "Builds",
        headers=("Build", "State", "Asked", "Took", "Why it failed"),
        rows=[
            (
                columns.row("agents_imagebuild", row.pk),
                columns.badge(COLOURS[row.status], row.status),
                columns.moment(row.created_at),
                columns.took(row.started_at, row.ended_at),
                row.blame or columns.NOTHING,
            )
            for row in rows
        ],
        empty="Never built.",
    )
