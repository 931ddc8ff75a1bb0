"""What the state of a room allows, whoever asks."""

from collections.abc import Iterable

from agents.models import Agent
from attestation.manifests.room import RoomManifest
from hivemind.kit import clock
from rooms.errors import AgentReplaced, RoomExpired, RoomOutdated, RoomRevoked
from rooms.models import Room
from rooms.terms import RoomTerms


def check_in_force(room: Room, manifest: RoomManifest) -> None:
    """Raise RoomRevoked or RoomExpired."""
    if room.revoked_at is not None:
        raise RoomRevoked
    if manifest.expires_at is not None and clock.now().timestamp() >= manifest.expires_at:
        raise RoomExpired


def check_tables_signed(manifest: RoomManifest) -> None:
    """Raise RoomOutdated when the manifest is silent about tables; an empty list is an answer."""
    if manifest.allowed_tables is None:
        raise RoomOutdated


def check_agents(terms: RoomTerms, agents: Iterable[Agent]) -> None:
    """Raise AgentReplaced unless every named agent among `agents` has the signed digests."""
    signed = {digests.agent_id: digests for digests in terms.agents}
    for agent in agents:
        digests = signed.get(agent.id)
        if digests is None or (agent.source_sha256, agent.files_digest) != (
            digests.source_sha256,
            digests.files_sha256,
        ):
            raise AgentReplaced
