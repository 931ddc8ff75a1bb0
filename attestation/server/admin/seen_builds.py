"""Which builds of the service ran, and when: noted by every process that proved its own."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from attestation.server.admin import evidence
from attestation.server.models import SeenBuild
from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.questions import Answer, question

RUNNING = timedelta(hours=1)  # a process that lives says so more often


def kind_badge(kind: str) -> SafeString:
    """What stands behind the proof."""
    return columns.badge("danger", "DEVELOPMENT") if kind == "development" else columns.badge("success", kind)


@admin.register(SeenBuild)
class SeenBuildAdmin(OperatedAdmin):
    """Builds, the one seen last first. The database lets no row be changed or deleted."""

    grants = ("view",)
    whole = (evidence.PAGE,)
    shown = (
        *("id", "compose_hash", "app_id", "instance_id", "app_version", "kind", "run_signer_pubkey_b64"),
        *("first_seen_at", "last_seen_at"),
    )
    list_display = ("build", "proof", "app", "first_seen", "last_seen")
    list_filter = (
        question(
            "Evidence?",
            "proof",
            Answer("dstack", "dstack", lambda rows: rows.filter(kind="dstack")),
            Answer("development", "development", lambda rows: rows.filter(kind="development")),
        ),
        question(
            "Seen?",
            "seen",
            Answer("now", "in the last hour", lambda rows: rows.filter(last_seen_at__gte=clock.now() - RUNNING)),
        ),
    )
    search_fields = ("compose_hash__startswith", "app_id__startswith", "instance_id__startswith")
    search_help_text = "Beginning of a compose hash, app id or instance id"
    paginator = CappedPaginator
    fieldsets = (
        (None, {"fields": ("compose", ("proof", "app_version"), ("first_exactly", "last_exactly"))}),
        ("Machine", {"fields": ("app_id_whole", "instance", "signer")}),
    )

    def tenant_of(self, row: Any) -> str:
        """Builds are nobody's but the operator's."""
        return ""

    @column("Build")
    def build(self, row: SeenBuild) -> object:
        """Its hash and version."""
        return columns.stacked(columns.code(row.compose_hash, characters=16), f"version {row.app_version}")

    @column("Evidence")
    def proof(self, row: SeenBuild) -> object:
        """What stands behind the proof."""
        return kind_badge(row.kind)

    @column("Machine")
    def app(self, row: SeenBuild) -> object:
        """Application and instance."""
        instance = columns.code(row.instance_id, characters=12) if row.instance_id else "no instance id"
        return columns.stacked(columns.code(row.app_id, characters=12), instance)

    @column("First seen", order="first_seen_at")
    def first_seen(self, row: SeenBuild) -> object:
        """When a process proved it first."""
        return columns.moment(row.first_seen_at)

    @column("Last seen", order="last_seen_at")
    def last_seen(self, row: SeenBuild) -> object:
        """When a process proved it last."""
        return columns.moment(row.last_seen_at)

    @column("Compose hash")
    def compose(self, row: SeenBuild) -> object:
        """All of it."""
        return columns.code(row.compose_hash)

    @column("First seen")
    def first_exactly(self, row: SeenBuild) -> object:
        """To the second."""
        return columns.both(row.first_seen_at)

    @column("Last seen")
    def last_exactly(self, row: SeenBuild) -> object:
        """To the second."""
        return columns.both(row.last_seen_at)

    @column("App id")
    def app_id_whole(self, row: SeenBuild) -> object:
        """All of it."""
        return columns.code(row.app_id)

    @column("Instance id")
    def instance(self, row: SeenBuild) -> object:
        """All of it."""
        return columns.code(row.instance_id)

    @column("Run signer")
    def signer(self, row: SeenBuild) -> object:
        """The key whose records this machine signed."""
        return columns.code(row.run_signer_pubkey_b64)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits what was seen."""
        return False
