"""The rooms' list and page, and ending a room in the operator's name."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from hivemind.kit import clock
from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question
from hivemind.kit.audit import Actor
from rooms.admin import agreement, by_build
from rooms.errors import RoomNotFound
from rooms.models import Invite, Room, ShareLink, VaultItem
from rooms.selectors.rooms import in_force
from rooms.services import rooms

SHOWN = (
    *("id", "tenant", "tenant__name", "name", "manifest_hash", "owner_pubkey_b64", "serial"),
    *("created_at", "expires_at", "revoked_at"),
)


def revoke(room: Room, actor: Actor) -> None:
    """End a living room. Part of the caller's transaction. Raises RoomNotFound when somebody was faster."""
    living = Room.objects.select_for_update(of=("self",), no_key=True).defer("envelope", "vault_index")
    locked = living.filter(pk=room.pk, revoked_at=None).first()
    if locked is None:
        raise RoomNotFound
    rooms.end(locked, actor=actor)


REVOKE = Deed(
    name="revoke",
    title="Revoke",
    follows=(
        "Every invite and the share link stop working at once and for good; their copies of the room's key are "
        "deleted.",
        "Running questions to the room are told to stop.",
        "The owner keeps the data and their own copy of the key, but a revoked room never comes into force again: a "
        "new one has to be created.",
    ),
    done="revoked",
    act=revoke,
    applies=lambda room: room.revoked_at is None,
    icon="block",
)


@admin.register(Room)
class RoomAdmin(OperatedAdmin):
    """Agreements."""

    shown = SHOWN
    deeds = (REVOKE,)
    whole = (by_build.PAGE,)
    list_select_related = ("tenant",)
    list_display = ("room", "state", "tenant_link", "invites", "shared", "created")
    list_filter = (
        question(
            "In force?",
            "living",
            Answer("yes", "yes", lambda rows: rows.filter(in_force())),
            Answer("expired", "expired", lambda rows: rows.filter(revoked_at=None).exclude(in_force())),
            Answer("no", "revoked", lambda rows: rows.exclude(revoked_at=None)),
        ),
        question("Open to a link?", "shared", Answer("yes", "yes", lambda rows: rows.filter(has_share_link=True))),
    )
    search_fields = ("id__startswith", "tenant__id__startswith", "name__icontains")
    search_help_text = "Name, or the beginning of the id of a room or tenant"
    fieldsets = (
        (
            None,
            {"fields": (("name", "identifier"), ("state", "tenant_link"), ("created_exactly", "revoked"), "expires")},
        ),
        ("Proof", {"fields": ("manifest", "owner_key")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rooms with the number of living invites, and whether there is a share link."""
        # A join would count the invites of every room before the page is cut out; a sub-query counts those shown.
        living = Invite.objects.filter(room=OuterRef("pk"), revoked_at=None).order_by().values("room")
        count = Subquery(living.annotate(count=Count("pk")).values("count"))
        link = Exists(ShareLink.objects.filter(room=OuterRef("pk")))
        rows = super().get_queryset(request).annotate(living_invites=Coalesce(count, 0), has_share_link=link)
        return cast(QuerySet[Any], rows)

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel]:
        """The agreement in outline, who may enter, and what is stored."""
        yield from agreement.panels(row)
        yield _bearers(row)
        stored = VaultItem.objects.filter(room=row).aggregate(count=Count("pk"), size=Sum("size_bytes"))
        facts = [("Vault items", columns.number(stored["count"])), ("Together", columns.size(stored["size"] or 0))]
        yield Panel("Stored in the room", facts=facts)

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What was done about it."""
        yield audit_events.latest(request, subject=row.pk)

    @column("Room")
    def room(self, row: Room) -> object:
        """Name and id."""
        return columns.stacked(row.name or "(no name)", row.pk)

    @column("Id")
    def identifier(self, row: Room) -> object:
        """The id."""
        return columns.code(row.pk)

    @column("State")
    def state(self, row: Room) -> object:
        """Whether the room is in force."""
        if row.revoked_at:
            return columns.badge("plain", "revoked")
        if row.expires_at and row.expires_at <= clock.now():
            return columns.badge("plain", "expired")
        return columns.badge("success", "in force")

    @column("Tenant")
    def tenant_link(self, row: Room) -> object:
        """Whose it is."""
        return columns.row("tenants_tenant", row.tenant_id, row.tenant.name)

    @column("Living invites")
    def invites(self, row: Any) -> str:
        """How many invites work."""
        return columns.number(row.living_invites)

    @column("Share link")
    def shared(self, row: Any) -> str:
        """Whether the room has a share link."""
        return "enabled" if row.has_share_link else columns.NOTHING

    @column("Created")
    def created(self, row: Room) -> object:
        """When it was made."""
        return columns.moment(row.created_at)

    @column("Created")
    def created_exactly(self, row: Room) -> object:
        """When it was made, to the second."""
        return columns.both(row.created_at)

    @column("Revoked")
    def revoked(self, row: Room) -> object:
        """When it was ended."""
        return columns.both(row.revoked_at)

    @column("Expires")
    def expires(self, row: Room) -> object:
        """When its terms end, by the column."""
        return columns.both(row.expires_at)

    @column("Manifest hash")
    def manifest(self, row: Room) -> object:
        """What participants accept."""
        return columns.code(row.manifest_hash)

    @column("Owner's public key")
    def owner_key(self, row: Room) -> object:
        """What the envelope must verify with; links carry it."""
        return columns.code(row.owner_pubkey_b64)


def _bearers(room: Room) -> Panel:
    """Invites and the share link by their short ids. Labels are the owner's own words and stay with them."""
    invites = Invite.objects.filter(room=room).only("id", "token_id", "created_at", "revoked_at")[:20]
    links = ShareLink.objects.filter(room=room).only("id", "token_id", "created_at", "rotated_at")
    rows = [("invite", columns.code(i.token_id), columns.moment(i.created_at), _ended(i)) for i in invites]
    rows += [("share link", columns.code(s.token_id), columns.moment(s.created_at), "enabled") for s in links]
    return Panel("Who may enter", headers=("Kind", "Token id", "Made", "State"), rows=rows, empty="Nobody.")


def _ended(invite: Invite) -> object:
    return "living" if invite.revoked_at is None else f"revoked {columns.ago(invite.revoked_at)}"
