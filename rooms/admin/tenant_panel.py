"""What the page of a tenant says about its rooms, and what a reset of its key takes from them."""

from django.http import HttpRequest

from hivemind.kit.admin import columns, panels
from hivemind.kit.admin.panels import Panel
from rooms.models import Invite, Room, RoomKeyWrap, ShareLink, VaultItem
from rooms.selectors.rooms import in_force
from rooms.services import wraps
from tenants.models import Tenant


def _rooms_of(tenant: Tenant, request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("rooms.view_room"):
        return None
    rows = Room.objects.filter(tenant=tenant)
    living = rows.filter(in_force()).count()
    return Panel(
        "Rooms",
        facts=[("In force", columns.number(living)), ("Revoked or expired", columns.number(rows.count() - living))],
        url=columns.list_of("rooms_room", q=tenant.pk),
        url_text="its rooms",
    )


def _rooms_lost(tenant: Tenant) -> str:
    held = RoomKeyWrap.objects.filter(room__tenant=tenant, holder=wraps.OWNER)
    count = held.count()
    if not count:
        return ""
    rooms = columns.counted(count, "room")
    items = columns.counted(VaultItem.objects.filter(room__in=held.values("room")).count(), "vault item")
    return (
        f"The owner's way into {rooms} with {items}: the owner cannot read or add data there, nor change them or "
        "invite anybody. Holders of a living invite still get in."
    )


def _everything_lost(tenant: Tenant) -> str:
    rows = Room.objects.filter(tenant=tenant)
    count = rows.count()
    items = VaultItem.objects.filter(room__tenant=tenant).count()
    return f"{columns.counted(count, 'room')} with {columns.counted(items, 'vault item')}." if count else ""


def _bearers_lost(tenant: Tenant) -> str:
    living = Room.objects.filter(tenant=tenant, revoked_at=None)
    invites = Invite.objects.filter(room__in=living, revoked_at=None).count()
    links = ShareLink.objects.filter(room__in=living).count()
    if not (invites or links):
        return ""
    return f"{columns.counted(invites, 'invite')} and {columns.counted(links, 'share link')}."


panels.add("tenants.tenant", _rooms_of)
panels.add_loss("tenants.reset_key.clear_seal", _rooms_lost)
panels.add_loss("tenants.reset_key.revoke_capabilities", _bearers_lost)
panels.add_loss("tenants.delete", _everything_lost)
