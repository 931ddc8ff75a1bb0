"""The runs' list and page, and stopping a run in the operator's name."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from billing.admin import amounts
from hivemind.kit import clock
from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question
from runner.admin import money, panels, states, timeline
from runner.enums import BillingStatus, FailureCode
from runner.models import Run, Stage
from runner.services import runs

SHOWN = (
    *("id", "tenant", "tenant__name", "room", "room__name", "status", "failure_code"),
    *("scope_agent_id", "query_agent_id", "mediator_agent_id", "room_manifest_hash", "output_visibility"),
    *("issuer_role", "issuer_token_id", "payer_tenant_id", "billing_status", "billing_provider", "billing_model"),
    *("billing_hold_micro_usd", "billing_cost_micro_usd", "fence", "worker_id", "cancel_requested_at"),
    *("deadline_at", "created_at", "updated_at", "ended_at"),
)
STAGES_SHOWN = ("id", "run_id", "name", "position", "status", "started_at", "ended_at", "exit_reason", "exit_code")
STOP = Deed(
    name="stop",
    title="Stop",
    follows=(
        "A waiting run ends at once; a running one as soon as its worker notices, usually within a second.",
        "Its containers are killed. Whoever asked gets a signed record that says cancelled, and no answer.",
    ),
    done="told to stop",
    act=lambda run, actor: runs.request_stop(Run.objects.filter(pk=run.pk), actor=actor),
    applies=lambda run: run.ended_at is None and run.cancel_requested_at is None,
    icon="stop_circle",
)


def _because(code: FailureCode) -> Answer:
    return Answer(str(code), states.WHOSE[code], lambda rows: rows.filter(failure_code=code))


def _billed(status: BillingStatus) -> Answer:
    return Answer(status.value, money.WORDS[status][1], lambda rows: rows.filter(billing_status=status))


@admin.register(Run)
class RunAdmin(OperatedAdmin):
    """Asks, newest first."""

    shown = SHOWN
    deeds = (STOP,)
    list_select_related = ("tenant", "room")
    list_display = ("run", "state", "room_and_tenant", "asker", "asked", "waited", "duration", "stages", "cost", "why")
    list_filter = (
        question(
            "Still going?",
            "going",
            Answer("yes", "yes", lambda rows: rows.filter(ended_at=None)),
            Answer("no", "no", lambda rows: rows.exclude(ended_at=None)),
        ),
        question("Failed in the last day?", "failed", Answer("yes", "yes", states.failed_lately)),
        question(
            "Waited long?",
            "waited",
            Answer("now", "waits now", states.waiting_long),
            Answer("day", "in the last day", states.waited_long_lately),
        ),
        question("Why not answered?", "why", *(_because(code) for code in FailureCode)),
        question("Billing?", "billing", *(_billed(status) for status in BillingStatus)),
    )
    search_fields = ("id__startswith", "room__id__startswith", "tenant__id__startswith")
    search_help_text = "Beginning of the id of a run, room or tenant"
    paginator = CappedPaginator
    fieldsets = (
        (None, {"fields": (("identifier", "state"), "why", ("room_link", "tenant_link"), ("asker", "seen_by"))}),
        ("Times", {"fields": (("asked_exactly", "ended"), ("waited", "duration"), ("deadline", "stop_asked"))}),
        ("Agents", {"fields": (("scope_agent", "query_agent"), ("mediator", "manifest"))}),
        ("Carried out by", {"fields": (("worker", "claims"), "models")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Runs with their stages."""
        stages = Prefetch("stages", Stage.objects.only(*STAGES_SHOWN))
        rows: QuerySet[Any] = super().get_queryset(request).prefetch_related(stages)
        return rows

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """Stages, money, limits, usage, receipt and artifacts."""
        yield from panels.of_run(row)
        yield from money.told(row, request)

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What was done about it."""
        yield audit_events.latest(request, subject=row.pk)

    @column("Run")
    def run(self, row: Run) -> object:
        """The id; a caller may choose a long one."""
        return columns.code(row.pk, characters=12)

    @column("Id")
    def identifier(self, row: Run) -> object:
        """The whole id."""
        return columns.code(row.pk)

    @column("State")
    def state(self, row: Run) -> object:
        """The state; a running one with its stage."""
        return states.badge(row)

    @column("Room of tenant")
    def room_and_tenant(self, row: Run) -> object:
        """What was asked, and whose it is."""
        return columns.stacked(self.room_link(row), self.tenant_link(row))

    @column("Room")
    def room_link(self, row: Run) -> object:
        """What was asked."""
        return columns.row("rooms_room", row.room_id, row.room.name)

    @column("Tenant")
    def tenant_link(self, row: Run) -> object:
        """Whose room."""
        return columns.row("tenants_tenant", row.tenant_id, row.tenant.name)

    @column("Asked by")
    def asker(self, row: Run) -> object:
        """The role, and the short id of a guest's token."""
        role = states.ASKERS.get(row.issuer_role, row.issuer_role)
        return columns.stacked(role, columns.code(row.issuer_token_id)) if row.issuer_token_id else role

    @column("Asked")
    def asked(self, row: Run) -> object:
        """When it was asked."""
        return columns.moment(row.created_at)

    @column("Asked")
    def asked_exactly(self, row: Run) -> object:
        """When it was asked, to the second."""
        return columns.both(row.created_at)

    @column("Waited")
    def waited(self, row: Run) -> str:
        """How long until its first stage began, or has been waiting."""
        return columns.took(row.created_at, timeline.begun_at(row) or row.ended_at or clock.now())

    @column("Took")
    def duration(self, row: Run) -> str:
        """From the question to the end, or until now."""
        return columns.took(row.created_at, row.ended_at or clock.now())

    @column("Stages")
    def stages(self, row: Run) -> object:
        """The stages in small."""
        return timeline.strip(row)

    @column("Why not answered")
    def why(self, row: Run) -> str:
        """Whose failure it was."""
        return states.whose(row.failure_code) or columns.NOTHING

    @column("Answer goes to")
    def seen_by(self, row: Run) -> str:
        """Who may read the answer."""
        return row.output_visibility.replace("_", " ")

    @column("Ended")
    def ended(self, row: Run) -> object:
        """When it ended."""
        return columns.both(row.ended_at)

    @column("Deadline")
    def deadline(self, row: Run) -> object:
        """When it is given up."""
        return columns.both(row.deadline_at)

    @column("Stop asked")
    def stop_asked(self, row: Run) -> object:
        """When somebody asked for it to stop."""
        return columns.both(row.cancel_requested_at)

    @column("Scope agent")
    def scope_agent(self, row: Run) -> object:
        """Who draws the boundary."""
        return columns.row("agents_agent", row.scope_agent_id)

    @column("Query agent")
    def query_agent(self, row: Run) -> object:
        """Who answers."""
        return columns.row("agents_agent", row.query_agent_id)

    @column("Mediator")
    def mediator(self, row: Run) -> object:
        """Who audits."""
        return columns.row("agents_agent", row.mediator_agent_id)

    @column("Manifest hash")
    def manifest(self, row: Run) -> object:
        """The agreement it ran under."""
        return columns.code(row.room_manifest_hash)

    @column("Worker")
    def worker(self, row: Run) -> object:
        """The process that has it or had it."""
        return columns.row("kit_workerkey", row.worker_id)

    @column("Claims")
    def claims(self, row: Run) -> str:
        """How often a worker took it up."""
        return columns.number(row.fence)

    @column("Model")
    def models(self, row: Run) -> str:
        """Provider and models that the run may use."""
        return f"{row.billing_provider}: {row.billing_model}" if row.billing_provider else "none"

    @column("Cost")
    def cost(self, row: Run) -> object:
        """What it cost, or what is held for it, and how far its money is."""
        is_held = row.billing_status == BillingStatus.HELD
        amount = row.billing_hold_micro_usd if is_held else row.billing_cost_micro_usd
        said = money.WORDS[BillingStatus(row.billing_status)][1]
        is_ordinary = row.billing_status == BillingStatus.SETTLED
        return amounts.amount(amount) if is_ordinary else columns.stacked(amounts.amount(amount), said)
