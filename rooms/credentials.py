"""Which room a guest's bearer opens: the resolvers of `hmq_` and `hms_` tokens, one query each."""

from attestation.tokens import Token
from rooms.models import Invite, ShareLink
from tenants.principals import RoomGuest


def resolve_invite(token: Token) -> RoomGuest | None:
    """The holder of a live invite of a tenant that is not suspended, or None."""
    invite = (
        Invite.objects.select_related("room__tenant")
        .defer("room__envelope", "room__vault_index")
        .filter(token_hash=token.hash, revoked_at=None, room__tenant__suspended_at=None)
        .first()
    )
    if invite is None:
        return None
    return RoomGuest(
        tenant=invite.room.tenant,
        room_id=invite.room_id,
        token_id=token.token_id,
        role="query",
        constraints=invite.constraints,
        bearer=token,
    )


def resolve_share_link(token: Token) -> RoomGuest | None:
    """The holder of a live share link of a tenant that is not suspended, or None."""
    link = (
        ShareLink.objects.select_related("room__tenant")
        .defer("room__envelope", "room__vault_index")
        .filter(token_hash=token.hash, room__tenant__suspended_at=None)
        .first()
    )
    if link is None:
        return None
    return RoomGuest(
        tenant=link.room.tenant,
        room_id=link.room_id,
        token_id=token.token_id,
        role="share",
        constraints={"room_id": link.room_id},
        bearer=token,
    )
