"""The agents' list and page."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from agents.admin import builds, pages
from agents.admin import space as space_page
from agents.enums import AgentType, InspectionMode
from agents.models import Agent
from agents.selectors import space
from hivemind.kit.admin import audit_events, columns, panels
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import WholePage
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question
from tenants.models import Tenant

# Description and entrypoint come from the package, so they stay with it.
SHOWN = (
    *("id", "tenant", "tenant__name", "room_id", "uploader_token_id", "name", "agent_type", "inspection_mode"),
    *("harness", "memory_mb", "max_llm_calls", "max_tokens", "timeout_seconds", "files_count", "files_digest"),
    *("attested_files_count", "attested_files_digest", "source_sha256", "image_id", "created_at"),
    *("source_bytes", "image_bytes", "used_at"),
)

SWEEP = WholePage("sweep", "Sweep broken agents", pages.clear, icon="mop")


def _type(kind: AgentType) -> Answer:
    return Answer(str(kind), str(kind), lambda rows: rows.filter(agent_type=kind))


@admin.register(Agent)
class AgentAdmin(OperatedAdmin):
    """Uploaded packages."""

    shown = SHOWN
    whole = (space_page.PAGE, SWEEP)
    list_select_related = ("tenant",)
    list_display = ("agent", "kind", "source", "tenant_link", "brought_to", "image", "created", "used")
    list_filter = (
        question("What for?", "kind", *(_type(kind) for kind in AgentType)),
        question(
            "Who uploaded it?",
            "whose",
            Answer("owner", "its owner", lambda rows: rows.filter(room_id="")),
            Answer("brought", "with a question", lambda rows: rows.exclude(room_id="")),
        ),
        question(
            "Source readable?",
            "source",
            Answer("yes", "inspectable", lambda rows: rows.filter(inspection_mode=InspectionMode.FULL)),
            Answer("no", "sealed", lambda rows: rows.filter(inspection_mode=InspectionMode.SEALED)),
        ),
        question(
            "Has an image?",
            "image",
            Answer("yes", "yes", lambda rows: rows.exclude(image_id="")),
            Answer("no", "no", lambda rows: rows.filter(image_id="")),
        ),
    )
    search_fields = ("id__startswith", "room_id__startswith", "tenant__id__startswith", "name__icontains")
    search_help_text = "Name, or the beginning of the id of an agent, room or tenant"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "identifier"),
                    ("kind", "source"),
                    ("tenant_link", "created_exactly"),
                    ("brought_to", "brought_by"),
                    "used",
                )
            },
        ),
        ("Digests", {"fields": ("source_digest", "files", "attested_files", "image_whole")}),
        ("Limits", {"fields": (("memory", "time"), ("calls", "tokens"))}),
    )

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel]:
        """Its builds."""
        if request.user.has_perm("agents.view_imagebuild"):
            yield builds.panel(row)

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What was done about it."""
        yield audit_events.latest(request, subject=row.pk)

    @column("Agent")
    def agent(self, row: Agent) -> object:
        """Name and id."""
        return columns.stacked(row.name, row.pk)

    @column("Id")
    def identifier(self, row: Agent) -> object:
        """The id."""
        return columns.code(row.pk)

    @column("For")
    def kind(self, row: Agent) -> object:
        """The stage it was made for."""
        return columns.badge("info", row.agent_type)

    @column("Source")
    def source(self, row: Agent) -> object:
        """Whether others may read the source, and how much it takes unpacked."""
        sealed = row.inspection_mode == InspectionMode.SEALED
        return columns.stacked(columns.badge("plain" if sealed else "success", row.visibility), _size(row.source_bytes))

    @column("Tenant")
    def tenant_link(self, row: Agent) -> object:
        """Whose it is."""
        return columns.row("tenants_tenant", row.tenant_id, row.tenant.name)

    @column("Brought to room")
    def brought_to(self, row: Agent) -> object:
        """The room a participant brought it to."""
        return columns.row("rooms_room", row.room_id)

    @column("Brought with token")
    def brought_by(self, row: Agent) -> object:
        """The short id of the participant's token."""
        return columns.code(row.uploader_token_id)

    @column("Image")
    def image(self, row: Agent) -> object:
        """The image built last, and how much the engine says it takes."""
        if not row.image_id:
            return columns.NOTHING
        digest = columns.code(row.image_id.removeprefix("sha256:"), characters=12)
        return columns.stacked(digest, _size(row.image_bytes))

    @column("Image built last")
    def image_whole(self, row: Agent) -> object:
        """The image built last, in full, and its size."""
        return columns.stacked(columns.code(row.image_id), _size(row.image_bytes)) if row.image_id else columns.NOTHING

    @column("Last used")
    def used(self, row: Agent) -> object:
        """When the last run began that it was part of."""
        return columns.moment(row.used_at)

    @column("Uploaded")
    def created(self, row: Agent) -> object:
        """When it was uploaded."""
        return columns.moment(row.created_at)

    @column("Uploaded")
    def created_exactly(self, row: Agent) -> object:
        """When it was uploaded, to the second."""
        return columns.both(row.created_at)

    @column("Source SHA-256")
    def source_digest(self, row: Agent) -> object:
        """The digest that rooms sign."""
        return columns.code(row.source_sha256)

    @column("Files digest")
    def files(self, row: Agent) -> object:
        """How many files, and their digest."""
        return columns.stacked(columns.code(row.files_digest), columns.counted(row.files_count, "file"))

    @column("Attested files digest")
    def attested_files(self, row: Agent) -> object:
        """How many files the frozen digest covers, and that digest."""
        count = columns.counted(row.attested_files_count, "file")
        return columns.stacked(columns.code(row.attested_files_digest), count)

    @column("Memory")
    def memory(self, row: Agent) -> str:
        """Most memory."""
        return f"{row.memory_mb} MB"

    @column("Time")
    def time(self, row: Agent) -> str:
        """Longest run."""
        return f"{row.timeout_seconds} s"

    @column("Model calls")
    def calls(self, row: Agent) -> str:
        """Most calls of a model."""
        return columns.number(row.max_llm_calls)

    @column("Tokens")
    def tokens(self, row: Agent) -> str:
        """Most tokens."""
        return columns.number(row.max_tokens)


def _size(count: int) -> str:
    return columns.size(count) if count else columns.NOTHING


def _of_tenant(tenant: Tenant, request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("agents.view_agent"):
        return None
    return Panel(
        "Agents",
        facts=space_page.facts(space.of(tenant.pk)),
        url=columns.list_of("agents_agent", q=tenant.pk),
        url_text="its agents",
    )


def _sources_lost(tenant: Tenant) -> str:
    count = Agent.objects.filter(tenant=tenant, key_wraps__holder="tenant").distinct().count()
    if not count:
        return ""
    return (
        f"The source of {columns.counted(count, 'agent')}: the owner cannot read it or have it rebuilt again. Rooms "
        "that already name one keep working for invited people."
    )


def _agents_lost(tenant: Tenant) -> str:
    count = Agent.objects.filter(tenant=tenant).count()
    return f"{columns.counted(count, 'agent')}: source and image." if count else ""


panels.add("tenants.tenant", _of_tenant)
panels.add_loss("tenants.reset_key.clear_seal", _sources_lost)
panels.add_loss("tenants.delete", _agents_lost)
