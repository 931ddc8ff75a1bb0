"""The tenants' list and page. Every change goes through the services, in the name of the operator."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed, OwnPage
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question
from tenants.admin import pages
from tenants.models import ApiKey, Tenant
from tenants.services import tenants

SUSPEND = Deed(
    name="suspend",
    title="Suspend",
    follows=(
        "Every credential of the tenant is refused at once: its owner key, and the invites and share links of its "
        "rooms.",
        "Its running work is told to stop.",
        "Nothing is deleted; resuming undoes it.",
    ),
    done="suspended",
    act=lambda tenant, actor: tenants.suspend(tenant.pk, actor=actor),
    applies=lambda tenant: not tenant.suspended,
    icon="block",
)
RESUME = Deed(
    name="resume",
    title="Resume",
    follows=("The tenant's credentials are accepted again, as they were before.",),
    done="resumed",
    act=lambda tenant, actor: tenants.resume(tenant.pk, actor=actor),
    applies=lambda tenant: tenant.suspended,
    icon="play_arrow",
    dangerous=False,
)
RENAME = OwnPage("rename", "Rename", pages.rename)
RESET_KEY = OwnPage("reset_key", "Reset key", pages.reset, icon="key")
DELETE = OwnPage("delete_tenant", "Delete", pages.delete, icon="delete", needs="delete")
KEYS_SHOWN = ("id", "tenant_id", "token_id", "created_at", "retired_at")


@admin.register(Tenant)
class TenantAdmin(OperatedAdmin):
    """Who uses the service."""

    grants = ("view", "add", "change", "delete")
    shown = ("id", "name", "db_name", "db_owner", "signing_pubkey_b64", "created_at", "suspended_at")
    list_display = ("tenant", "state", "owner_key", "created", "suspended")
    list_filter = (
        question(
            "Suspended?",
            "suspended",
            Answer("yes", "yes", lambda rows: rows.exclude(suspended_at=None)),
            Answer("no", "no", lambda rows: rows.filter(suspended_at=None)),
        ),
        question(
            "Waiting for its old key?",
            "sealed",
            Answer("yes", "yes", lambda rows: rows.filter(sealed=True)),
            Answer("no", "no", lambda rows: rows.filter(sealed=False)),
        ),
    )
    sortable_by = ("tenant", "created")
    search_fields = ("id__startswith", "name__icontains")
    search_help_text = "Name, or the beginning of an id"
    deeds = (SUSPEND, RESUME)
    pages = (RENAME, RESET_KEY, DELETE)
    fieldsets = (
        (None, {"fields": (("name", "identifier"), ("state", "suspended"), ("created_exactly", "owner_key"))}),
        ("Data", {"fields": (("database", "database_owner"), "signing_key")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Tenants with their living key and whether it opens anything."""
        living = ApiKey.objects.filter(retired_at=None)
        closed = living.filter(tenant=OuterRef("pk"), root_wrapped=b"")
        keys = Prefetch("api_keys", living.only(*KEYS_SHOWN), to_attr="living_keys")
        rows = super().get_queryset(request).annotate(sealed=Exists(closed)).prefetch_related(keys)
        return cast(QuerySet[Any], rows)

    def get_urls(self) -> list[URLPattern]:
        """The form for a new tenant in place of the one for rows."""
        create = path("add/", self.admin_site.admin_view(self.create), name="tenants_tenant_add")
        return [create, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this person may make tenants."""
        return bool(request.user.has_perm("tenants.add_tenant"))

    def create(self, request: HttpRequest) -> HttpResponse:
        """Make a tenant, and show its key once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return pages.create(self, request)

    def tenant_of(self, row: Tenant) -> str:
        """The tenant itself."""
        return row.pk

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel]:
        """Its owner keys."""
        keys = ApiKey.objects.filter(tenant=row).only(*KEYS_SHOWN)[:20]
        yield Panel(
            "Owner keys",
            headers=("Key id", "State", "Issued", "Retired"),
            rows=[(columns.code(k.token_id), _key_state(row, k), *_key_times(k)) for k in keys],
        )

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What was done about it."""
        yield audit_events.latest(request, tenant_id=row.pk)

    @column("Tenant", order="name")
    def tenant(self, row: Tenant) -> object:
        """Name and id."""
        return columns.stacked(row.name, row.pk)

    @column("Id")
    def identifier(self, row: Tenant) -> object:
        """The id."""
        return columns.code(row.pk)

    @column("State")
    def state(self, row: Any) -> object:
        """Whether its credentials are accepted, and its key opens anything."""
        if row.suspended_at is not None:
            return columns.badge("danger", "suspended")
        return columns.badge("warning", "waits for its old key") if row.sealed else columns.badge("success", "active")

    @column("Owner key")
    def owner_key(self, row: Any) -> object:
        """The short id of the living key."""
        return columns.code(row.living_keys[0].token_id) if row.living_keys else columns.NOTHING

    @column("Created", order="created_at")
    def created(self, row: Tenant) -> object:
        """When it was made."""
        return columns.moment(row.created_at)

    @column("Created")
    def created_exactly(self, row: Tenant) -> object:
        """When it was made, to the second."""
        return columns.both(row.created_at)

    @column("Suspended")
    def suspended(self, row: Tenant) -> object:
        """Since when it is suspended."""
        return columns.moment(row.suspended_at)

    @column("Database")
    def database(self, row: Tenant) -> object:
        """The name of its database."""
        return columns.code(row.db_name)

    @column("Database role")
    def database_owner(self, row: Tenant) -> object:
        """The role that owns it."""
        return columns.code(row.db_owner)

    @column("Room-signing public key")
    def signing_key(self, row: Tenant) -> object:
        """The public key with which links of its rooms are checked."""
        return columns.code(row.signing_pubkey_b64)


def _key_state(tenant: Any, key: ApiKey) -> str:
    if key.retired_at is not None:
        return "retired"
    return "live, opens nothing yet" if tenant.sealed else "live"


def _key_times(key: ApiKey) -> tuple[object, object]:
    return columns.moment(key.created_at), columns.moment(key.retired_at)
