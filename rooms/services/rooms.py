"""Making and revoking rooms."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction

from agents.services import sources
from attestation.canonical import ROOM_V1
from attestation.digests import text_hash
from attestation.envelope import sign
from attestation.keys import SigningKey
from attestation.links import RoomLink
from attestation.manifests.room import RoomManifest
from attestation.sealing import kdf
from attestation.sealing.wrap import key_id
from attestation.server import signer
from attestation.tokens import Token
from hivemind.kit import audit, clock, ids
from rooms import hooks
from rooms.access import permissions
from rooms.errors import ExpiryPast, RoomNotFound
from rooms.hooks import Revocation
from rooms.models import Room
from rooms.selectors import revocations
from rooms.selectors import rooms as selectors
from rooms.selectors.rooms import LoadedRoom
from rooms.services import casting, invites, readers, revoking, share_links, tables, trust, vault_index, wraps
from rooms.services.casting import RoomCast
from rooms.services.requests import RoomRequest
from tenants.databases import session
from tenants.principals import Owner
from tenants.services import seals


@dataclass(frozen=True)
class NewRoom:
    """A room just made, and the only invite's token, which is shown this once."""

    loaded: LoadedRoom
    token: Token = field(repr=False)

    def link(self, *, host: str, service: str) -> str:
        """The invite as a link. It contains the token."""
        owner_key = self.loaded.verified.owner_pubkey_b64
        return RoomLink(host, self.loaded.room.pk, service, self.token.text, owner_key).format()


@dataclass(frozen=True)
class Revoked:
    """What a room's revocation took away. `revocation` is the owner's signed statement, None when nobody could sign."""

    invites_revoked: int
    share_link_disabled: bool
    revocation: dict[str, Any] | None


def create(owner: Owner, request: RoomRequest) -> NewRoom:
    """Make a room with its signed manifest, key, invite and reader of the tenant's tables: all of it or nothing.

    Raises AgentNotFound, WrongAgentType, VisibilityDiffers, TablesMissing, LiveComposeUnknown, ExpiryPast,
    TenantSealed and KeyRetired.
    """
    cast = casting.choose(owner.tenant, request)
    _check_tables(owner, request)
    root_key, signing_key = seals.open_root(owner), seals.signing_key(owner)
    manifest = _manifest(owner, request, cast, signing_key)
    room_key = kdf.new_key()
    with ExitStack() as undo:
        with transaction.atomic():
            loaded = _insert(manifest, signing_key, room_key=room_key)
            permissions.check_key_live(owner)  # the room's row holds the tenant's, which a reset locks
            room = loaded.room
            wraps.wrap_for_owner(room, room_key=room_key, root_key=root_key)
            invite = invites.mint(room, loaded.terms, room_key=room_key)
            casting.hold(cast)
            for agent in cast.by_role.values():
                sources.wrap_for_room(agent, owner=owner, room_id=room.pk, room_key=room_key)
            audit.record(owner.actor, "room.create", room.pk, tenant_id=room.tenant_id, token_id=invite.token.token_id)
            undo.callback(readers.drop, owner.tenant, room.pk)
            readers.ensure(owner.tenant, room.pk, request.allowed_tables)
        undo.pop_all()
    return NewRoom(loaded, invite.token)


def revoke(owner: Owner, room_id: str) -> Revoked:
    """End a room: its invites, share link and their wraps go, and its running work is told to stop.

    The owner signs that it is over, for everybody who meets the room later. The owner's wrap and the data stay. Nothing
    of the envelope is read, so that a damaged room can be revoked too.
    Raises BlankRoomId, and RoomNotFound also for a room that is revoked already.
    """
    with transaction.atomic():
        rows = selectors.called(owner, room_id).filter(revoked_at=None)
        room = rows.select_for_update(of=("self",), no_key=True).first()
        if room is None:
            raise RoomNotFound
        return end(room, actor=owner.actor, statement=revoking.statement(owner, room))


def end(room: Room, *, actor: audit.Actor, statement: str = "") -> Revoked:
    """Revoke a locked, living room. Part of the caller's transaction.

    `statement` is the owner's signed one; an operator who ends a room has none.
    """
    room.revoked_at, room.revocation = clock.now(), statement
    room.save(update_fields=["revoked_at", "revocation"])
    share_link_disabled = share_links.disable(room, actor=actor)
    invites_revoked = invites.revoke_each(room, actor=actor)
    wraps.drop(room)
    audit.record(
        actor, "room.revoke", room.pk, tenant_id=room.tenant_id, invites=invites_revoked, signed=bool(statement)
    )
    hooks.announce(Revocation(room.tenant_id, room.pk, "", actor))
    transaction.on_commit(partial(readers.drop, room.tenant, room.pk), robust=True)
    return Revoked(invites_revoked, share_link_disabled, revocations.of(room))


def _check_tables(owner: Owner, request: RoomRequest) -> None:
    if request.allowed_tables:
        tables.check_all_exist(request.allowed_tables, session.table_names(owner.tenant))


def _manifest(owner: Owner, request: RoomRequest, cast: RoomCast, key: SigningKey) -> RoomManifest:
    now = clock.now().timestamp()
    if request.expires_at is not None and request.expires_at <= now:
        raise ExpiryPast
    return RoomManifest(
        room_id=ids.room_id(),
        tenant_id=owner.tenant.pk,
        name=request.name.strip(),
        rules=request.rules,
        rules_hash=text_hash(request.rules),
        policy=request.rules if request.policy is None else request.policy,
        scope=cast.scope_ref,
        query=cast.query_ref,
        mediator=cast.mediator_ref,
        output_visibility=request.output_visibility,
        llm_providers=request.llm_providers,
        allow_artifacts=request.allow_artifacts,
        trust=trust.initial(request.trust_mode, request.allowed_composes, live_compose=signer.compose_hash()),
        allowed_tables=request.allowed_tables,
        created_at=now,
        owner_pubkey_b64=key.public_b64,
        serial=1,
        expires_at=request.expires_at,
        agents=cast.digests,
        require_row_policies=request.require_row_policies,
    )


def _insert(manifest: RoomManifest, key: SigningKey, *, room_key: bytes) -> LoadedRoom:
    """Sign and store the manifest, then read it back as every later request will."""
    envelope = sign(manifest.to_wire(), key=key)
    room = Room(
        id=manifest.room_id,
        tenant_id=manifest.tenant_id,
        name=manifest.name,
        envelope=ROOM_V1.encode(envelope).decode(),
        manifest_hash=envelope["manifest_hash"],
        owner_pubkey_b64=key.public_b64,
        serial=manifest.serial,
        key_id=key_id(room_key),
        created_at=datetime.fromtimestamp(manifest.created_at, UTC),
        expires_at=None if manifest.expires_at is None else datetime.fromtimestamp(manifest.expires_at, UTC),
    )
    room.vault_index = vault_index.seal(room, [], room_key=room_key)
    loaded = selectors.verify(room)
    room.save(force_insert=True)
    return loaded
