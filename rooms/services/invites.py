"""Invites: one is made with its room; revoking one takes its copy of the room's key away."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from attestation.manifests.normalise import FIXED
from attestation.manifests.room import SEALED
from attestation.tokens import INVITE, Token, new_token, parse_token
from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor
from rooms import hooks
from rooms.hooks import Revocation
from rooms.models import Invite, Room
from rooms.services import wraps
from rooms.terms import RoomTerms
from tenants.errors import AmbiguousTokenId
from tenants.principals import Owner

ROLE = "query"


@dataclass(frozen=True)
class NewInvite:
    """An invite and its token, which is shown this once."""

    invite: Invite
    token: Token = field(repr=False)


def mint(room: Room, terms: RoomTerms, *, room_key: bytes) -> NewInvite:
    """Make an invite with its own wrap of the room's key. Part of the caller's transaction."""
    token = parse_token(new_token(INVITE), strict=True)
    invite = Invite.objects.create(
        room=room,
        token_hash=token.hash,
        token_id=token.token_id,
        label=f"room:{room.name or room.pk}",
        constraints=constraints_of(terms),
        created_at=clock.now(),
    )
    wraps.wrap_for_bearer(room, room_key=room_key, token=token, role=ROLE)
    return NewInvite(invite, token)


def constraints_of(terms: RoomTerms) -> dict[str, Any]:
    """What an invite's holder is told about the room: a copy from the day of minting, which enforces nothing."""
    texts = {
        "room_manifest_hash": terms.manifest_hash,
        "query_mode": terms.query_mode,
        "fixed_query_agent_id": terms.query_agent_id,
        "fixed_mediator_agent_id": terms.mediator_agent_id,
        "query_inspection_mode": "sealed" if terms.query_visibility == SEALED else "full",
        "output_visibility": terms.output_visibility,
        "policy": terms.policy,
    }
    return {
        "room_id": terms.room_id,
        "scope_agent_id": terms.scope_agent_id,
        "can_upload_query_agent": terms.query_mode != FIXED,
        **{name: text for name, text in texts.items() if text},
        "allowed_llm_providers": list(terms.llm_providers),
        "allowed_tables": list(terms.allowed_tables),
        "allow_artifacts": terms.allow_artifacts,
    }


def revoke_by_prefix(owner: Owner, prefix: str) -> int:
    """Revoke the owner's live invite whose token id or hash begins with `prefix`; 1, or 0 when there is none.

    Raises AmbiguousTokenId when several begin so, and revokes none of them.
    """
    with transaction.atomic():
        live = Invite.objects.filter(room__tenant=owner.tenant, revoked_at=None)
        found = list(
            live.filter(token_hash__startswith=prefix.lower())
            .select_related("room")
            .defer("room__envelope", "room__vault_index")
            .select_for_update(of=("self",), no_key=True)[:2]
        )
        if len(found) > 1:
            raise AmbiguousTokenId
        for invite in found:
            _revoke(invite, invite.room, actor=owner.actor)
        return len(found)


def revoke_each(room: Room, *, actor: Actor) -> int:
    """Revoke every live invite of a room, each on its own in trail and announcements; how many there were."""
    with transaction.atomic():
        live = list(Invite.objects.filter(room=room, revoked_at=None).select_for_update(of=("self",)))
        for invite in live:
            _revoke(invite, room, actor=actor)
    return len(live)


def _revoke(invite: Invite, room: Room, *, actor: Actor) -> None:
    Invite.objects.filter(pk=invite.pk).update(revoked_at=clock.now())
    wraps.drop(room, holders=[f"{ROLE}:{invite.token_id}"])
    audit.record(actor, "invite.revoke", room.pk, tenant_id=room.tenant_id, token_id=invite.token_id)
    hooks.announce(Revocation(room.tenant_id, room.pk, invite.token_id, actor))
