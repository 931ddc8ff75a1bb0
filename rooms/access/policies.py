"""What the state of a room allows, whoever asks."""

from collections.abc import Iterable

from agents.models import Agent
from attestation.manifests.normalise import OPERATOR_UPDATES
from attestation.manifests.room import RoomManifest
from attestation.server import signer
from attestation.verifier import check_trust
from hivemind.kit import clock
from rooms.errors import AgentReplaced, RoomExpired, RoomOutdated, RoomRevoked
from rooms.models import Room
from rooms.terms import RoomTerms


def check_in_force(room: Room, manifest: RoomManifest) -> None:
    """Raise RoomRevoked or RoomExpired. The owner's signed word counts whatever the column beside it says."""
    if room.revoked_at is not None or room.revocation:
        raise RoomRevoked
    if manifest.expires_at is not None and clock.now().timestamp() >= manifest.expires_at:
        raise RoomExpired


def check_build(manifest: RoomManifest) -> None:
    """Raise ComposeNotAllowed when the owner does not accept the build that runs here, and LiveComposeUnknown when no
    evidence proves which one that is. A room that follows its operator is not looked at.
    """
    if manifest.trust.mode != OPERATOR_UPDATES:
        check_trust(manifest, live_compose=signer.compose_hash() or None)


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
