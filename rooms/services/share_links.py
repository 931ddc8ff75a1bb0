"""The share link of a room: made with its own wrap of the room's key, shown once, replaced or taken away at once."""

from dataclasses import dataclass, field

from django.db import transaction

from attestation.tokens import SHARE, Token, new_token, parse_token
from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor
from rooms import hooks
from rooms.access import permissions
from rooms.errors import RoomRevoked, ShareLinkNotEnabled
from rooms.hooks import Revocation
from rooms.models import Room, ShareLink
from rooms.services import opening, wraps
from tenants.principals import Owner

ROLE = "share"


@dataclass(frozen=True)
class Shared:
    """A room's share link. `token` is there only when this call made it."""

    link: ShareLink
    token: Token | None = field(default=None, repr=False)


def enable(owner: Owner, room: Room) -> Shared:
    """The room's share link, made if there is none. Raises RoomSealed, TenantSealed, RoomRevoked, KeyRetired."""
    room_key = opening.open_room_key(owner, room)
    with transaction.atomic():
        _lock_living(room)
        permissions.check_key_live(owner)
        link = find(room)
        if link is not None:
            return Shared(link)
        token = _new_token()
        link = ShareLink.objects.create(
            room=room, token_hash=token.hash, token_id=token.token_id, created_at=clock.now()
        )
        wraps.wrap_for_bearer(room, room_key=room_key, token=token, role=ROLE)
        _record(owner.actor, "share_link.enable", link)
    return Shared(link, token)


def rotate(owner: Owner, room: Room) -> Shared:
    """A new token in place of the old one, which is dead at once together with its wrap and its running work.

    Raises ShareLinkNotEnabled, RoomSealed, TenantSealed, RoomRevoked, KeyRetired.
    """
    room_key = opening.open_room_key(owner, room)
    with transaction.atomic():
        _lock_living(room)
        permissions.check_key_live(owner)
        link = find(room)
        if link is None:
            raise ShareLinkNotEnabled
        _end(link, actor=owner.actor)
        token = _new_token()
        link.token_hash, link.token_id, link.rotated_at = token.hash, token.token_id, clock.now()
        link.save(update_fields=["token_hash", "token_id", "rotated_at"])
        wraps.wrap_for_bearer(room, room_key=room_key, token=token, role=ROLE)
        _record(owner.actor, "share_link.rotate", link)
    return Shared(link, token)


def disable(room: Room, *, actor: Actor) -> bool:
    """Remove the link, its wrap and its running work; whether there was a link."""
    with transaction.atomic():
        _lock(room)
        link = find(room)
        if link is None:
            return False
        _end(link, actor=actor)
        link.delete()
        audit.record(actor, "share_link.disable", room.pk, tenant_id=room.tenant_id, token_id=link.token_id)
    return True


def find(room: Room) -> ShareLink | None:
    """The room's share link, if it is enabled."""
    return ShareLink.objects.filter(room=room).first()


def _lock(room: Room) -> Room:
    """Let one writer at a time at a room's link."""
    rows = Room.objects.select_for_update(of=("self",), no_key=True)
    return rows.only("pk", "revoked_at").get(pk=room.pk)


def _lock_living(room: Room) -> None:
    """The same, and no writer at all at a room that was revoked meanwhile."""
    if _lock(room).revoked_at is not None:
        raise RoomRevoked


def _end(link: ShareLink, *, actor: Actor) -> None:
    room = link.room
    wraps.drop(room, holders=[f"{ROLE}:{link.token_id}"])
    hooks.announce(Revocation(room.tenant_id, room.pk, link.token_id, actor))


def _record(actor: Actor, action: str, link: ShareLink) -> None:
    audit.record(actor, action, link.room_id, tenant_id=link.room.tenant_id, token_id=link.token_id)


def _new_token() -> Token:
    return parse_token(new_token(SHARE), strict=True)
