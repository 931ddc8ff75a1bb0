"""This app's values as the wire writes them."""

from typing import Any

from agents.api.shapes import agent_attestation
from agents.models import Agent
from attestation.links import RoomLink
from hivemind.kit.clock import unix
from rooms.api.origin import Origin
from rooms.models import Room
from rooms.selectors.agents import NamedAgents
from rooms.selectors.rooms import DamagedRoom, LoadedRoom
from rooms.services.rooms import NewRoom
from rooms.services.share_links import Shared
from rooms.services.vault import VaultEntry

Wire = dict[str, Any]


def room(loaded: LoadedRoom) -> Wire:
    """A room, out of its verified manifest."""
    terms, manifest = loaded.terms, loaded.verified.manifest
    return {
        "room_id": terms.room_id,
        "name": manifest.name,
        "envelope": loaded.envelope,
        "manifest": loaded.envelope["manifest"],
        "manifest_hash": terms.manifest_hash,
        "scope_agent_id": terms.scope_agent_id,
        "fixed_query_agent_id": terms.query_agent_id,
        "fixed_mediator_agent_id": terms.mediator_agent_id,
        "query_mode": terms.query_mode,
        "output_visibility": terms.output_visibility,
        "allowed_llm_providers": list(terms.llm_providers),
        "allow_artifacts": terms.allow_artifacts,
        "policy": terms.policy,
        "created_at": manifest.created_at,
        "revoked_at": unix(loaded.room.revoked_at),
    } | ended(loaded.revocation)


def ended(revocation: Wire | None) -> Wire:
    """The owner's signed statement that the room is over, where there is one."""
    return {} if revocation is None else {"revocation": revocation}


def listed(found: LoadedRoom | DamagedRoom) -> Wire:
    """A room in its owner's list; one that does not verify shows its id and times, and allows nothing."""
    if isinstance(found, LoadedRoom):
        return room(found)
    return {
        "room_id": found.room.pk,
        "name": "",
        "envelope": {"manifest": {}, "manifest_hash": "", "signature_b64": "", "signer_pubkey_b64": ""},
        "manifest": {},
        "manifest_hash": "",
        "scope_agent_id": "",
        "fixed_query_agent_id": "",
        "fixed_mediator_agent_id": "",
        "query_mode": "fixed",
        "output_visibility": "querier_only",
        "allowed_llm_providers": [],
        "allow_artifacts": False,
        "policy": "",
        "created_at": unix(found.room.created_at),
        "revoked_at": unix(found.room.revoked_at),
        "damaged": found.code,
    }


def created(new: NewRoom, origin: Origin) -> Wire:
    """A new room with its invite."""
    return {
        "room_id": new.loaded.room.pk,
        "room": room(new.loaded),
        "token": new.token.text,
        "token_id": new.token.token_id,
        "link": new.link(host=origin.host, service=origin.service),
    }


def attest(loaded: LoadedRoom, agents: NamedAgents, bundle: Wire) -> Wire:
    """A room with its agents' digests and the service's evidence."""

    def digests(agent: Agent | None) -> Wire | None:
        return agent_attestation(agent, bundle) if agent is not None else None

    return {
        "room": room(loaded),
        "scope_agent": digests(agents.scope),
        "query_agent": digests(agents.query),
        "mediator_agent": digests(agents.mediator),
        "attestation": bundle,
    }


def added(room_id: str, entry: VaultEntry) -> Wire:
    """A vault item without its text."""
    return {
        "room_id": room_id,
        "item_id": entry.item_id,
        "metadata": entry.metadata,
        "created_at": entry.created_at,
        "size_bytes": entry.size_bytes,
    }


def item(room_id: str, entry: VaultEntry) -> Wire:
    """A vault item."""
    return added(room_id, entry) | {"text": entry.text}


def share_link(of: Room, shared: Shared | None, origin: Origin | None = None) -> Wire:
    """A room's share link, or that there is none. Token and link are null unless this very call made the token."""
    if shared is None:
        return {"enabled": False, "room_id": of.pk}
    token = shared.token.text if shared.token else None
    link = None
    if token and origin:
        link = RoomLink(origin.host, of.pk, origin.service, token, of.owner_pubkey_b64).format()
    return {
        "enabled": True,
        "room_id": of.pk,
        "share_token": token,
        "prefix": shared.link.token_hash[:8],
        "created_at": unix(shared.link.created_at),
        "rotated_at": unix(shared.link.rotated_at),
        "link": link,
    }
