"""The outline of a room's agreement, read from the manifest after it was verified with this very request."""

from datetime import UTC, datetime
from typing import Any

from attestation.errors import VerificationError
from attestation.manifests.room import AgentDigests, AgentRef, QueryRef, RoomManifest
from hivemind.kit.admin import columns
from hivemind.kit.admin.panels import Panel
from rooms.access import policies
from rooms.models import Room
from rooms.selectors import rooms

Facts = list[tuple[str, object]]


def panels(room: Room) -> list[Panel]:
    """What the owner signed, without a word of its text; or which check the stored envelope fails."""
    whole = Room.objects.defer("vault_index").get(pk=room.pk)
    try:
        loaded = rooms.verify(whole)
    except VerificationError as error:
        return [
            Panel("The agreement does not verify", facts=[("Failed check", error.code), ("Shown", "nothing of it")])
        ]
    manifest = loaded.verified.manifest
    told = [Panel("What the owner signed (verified now)", facts=_facts(manifest))]
    if whole.revoked_at is not None or loaded.revocation is not None:
        told.insert(0, Panel("Its end", facts=_end(whole, loaded.revocation)))
    if manifest.agents:
        headers = ("Role", "Agent", "Source SHA-256", "Files SHA-256", "Image")
        told.append(Panel("Signed agents", headers=headers, rows=[_digests(agent) for agent in manifest.agents]))
    return told


def _end(room: Room, revocation: dict[str, Any] | None) -> Facts:
    """Whether anybody can check that the room is over, without believing the service."""
    if revocation is None:
        return [
            ("Signed by the owner", columns.badge("warning", "no")),
            ("Which means", "Clients believe the service that it is over. An operator ended it, or its key was gone."),
            ("What can be done", f"The owner can still sign: POST /v1/rooms/{room.pk}/revocation/sign"),
        ]
    said = revocation["statement"]
    facts: Facts = [
        ("Signed by the owner", columns.badge("success", "yes, verified now")),
        ("Signed for", columns.both(_moment(said["revoked_at"]))),
        ("Serial of the end", str(said["serial"])),
    ]
    if room.revoked_at is None:
        facts.append(("Noted in the database", columns.badge("danger", "no: the row was changed past the service")))
    return facts


def _facts(manifest: RoomManifest) -> Facts:
    tables = manifest.allowed_tables
    return [
        ("Scope agent", _agent(manifest.scope)),
        ("Query agent", _query(manifest.query)),
        ("Mediator", _agent(manifest.mediator) if manifest.mediator else "none"),
        ("Output goes to", manifest.output_visibility.replace("_", " ")),
        ("Models from", ", ".join(manifest.llm_providers) or "nowhere"),
        ("Artifacts", "may leave" if manifest.allow_artifacts else "stay in"),
        ("SQL tables", "not signed (an old room)" if tables is None else str(len(tables))),
        ("Row policies", "required" if manifest.require_row_policies else "as the scope agent likes"),
        ("Trust in builds", manifest.trust.mode.replace("_", " ")),
        ("Accepted builds", _builds(manifest.trust.allowed_composes)),
        ("The running build", _running(manifest)),
        ("Serial", str(manifest.serial)),
        ("Changed", columns.both(_moment(manifest.updated_at))),
        ("Expires", columns.both(_moment(manifest.expires_at))),
    ]


def _agent(ref: AgentRef) -> object:
    return columns.link(columns.page_of("agents_agent", ref.agent_id), f"{ref.agent_id} ({ref.visibility})")


def _query(ref: QueryRef) -> object:
    if not ref.agent_id:
        return f"brought by whoever asks ({ref.visibility})"
    return columns.link(columns.page_of("agents_agent", ref.agent_id), f"{ref.agent_id} ({ref.mode}, {ref.visibility})")


def _builds(composes: tuple[str, ...]) -> object:
    return columns.code("\n".join(composes)) if composes else "any that the operator runs"


def _running(manifest: RoomManifest) -> object:
    try:
        policies.check_build(manifest)
    except VerificationError as error:
        return columns.badge("danger", f"refused: {error.code.replace('_', ' ')}")
    return columns.badge("success", "accepted")


def _digests(agent: AgentDigests) -> tuple[object, ...]:
    return (
        agent.role,
        columns.row("agents_agent", agent.agent_id),
        columns.code(agent.source_sha256, characters=16),
        columns.code(agent.files_sha256, characters=16),
        columns.code(agent.image_id.removeprefix("sha256:"), characters=16),
    )


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
