"""The signed terms of a room, whole, as a person reads them before agreeing."""

from collections.abc import Mapping
from typing import Final

from attestation.manifests.room import AgentRef, RoomManifest
from hmctl.render import columns, units
from hmctl.rooms.opening import OpenedRoom

_OUTPUT: Final[Mapping[str, str]] = {
    "querier_only": "querier_only (only the asker reads answers)",
    "owner_and_querier": "owner_and_querier (the owner reads answers too)",
}
_TRUST: Final[Mapping[str, str]] = {
    "operator_updates": "operator_updates (the operator may update the service)",
    "pinned": "pinned (only the builds listed below)",
    "owner_approved": "owner_approved (only builds the owner lists)",
}
_ANCHOR: Final[Mapping[str, str]] = {
    "link": "verified with the owner key of the link",
    "remembered": "verified with the owner key remembered for this room",
    "first use": "consistent; the owner key is remembered from now on",
}


def terms(opened: OpenedRoom) -> str:
    """Everything the owner signed, and how far the signature and the service were checked."""
    manifest = opened.manifest
    parts = [columns.labelled(_facts(manifest) + _proof(opened)), "Rules:", _text(manifest.rules)]
    if manifest.policy != manifest.rules:
        parts += ["Policy for the agents:", _text(manifest.policy)]
    else:
        parts.append("Policy for the agents: the rules above")
    return "\n".join(parts)


def _facts(manifest: RoomManifest) -> list[tuple[str, str]]:
    facts = [
        ("Room", manifest.room_id),
        ("Name", manifest.name or "-"),
        ("Scope", _agent(manifest, "scope", manifest.scope)),
        ("Query", _query(manifest)),
        ("Mediator", _agent(manifest, "mediator", manifest.mediator) if manifest.mediator else "none"),
        ("Output", _OUTPUT.get(manifest.output_visibility, manifest.output_visibility)),
        ("Tables", _tables(manifest)),
        ("LLM", ", ".join(manifest.llm_providers) or "disabled"),
        ("Artifacts", "allowed" if manifest.allow_artifacts else "not allowed"),
        ("Trust", _TRUST.get(manifest.trust.mode, manifest.trust.mode)),
    ]
    facts += [("Build", compose) for compose in manifest.trust.allowed_composes]
    facts.append(("Created", units.moment(manifest.created_at)))
    if manifest.updated_at is not None:
        facts.append(("Updated", units.moment(manifest.updated_at)))
    if manifest.expires_at is not None:
        facts.append(("Expires", units.moment(manifest.expires_at)))
    return facts


def _proof(opened: OpenedRoom) -> list[tuple[str, str]]:
    return [
        ("Hash", opened.verified.manifest_hash),
        ("Owner key", opened.verified.owner_pubkey_b64),
        ("Signature", _ANCHOR[opened.anchor]),
        ("Service", f"{opened.ref.service.url} ({opened.trust.standing})"),
    ]


def _agent(manifest: RoomManifest, role: str, agent: AgentRef) -> str:
    digest = next((item.source_sha256 for item in manifest.agents if item.role == role), "")
    source = f", source {digest[:16]}" if digest else ""
    return f"{agent.agent_id} ({agent.visibility}{source})"


def _query(manifest: RoomManifest) -> str:
    query = manifest.query
    if query.mode == "uploadable":
        return f"uploadable (the asker brings an agent, {query.visibility})"
    return f"fixed {_agent(manifest, 'query', AgentRef(query.agent_id, query.visibility))}"


def _tables(manifest: RoomManifest) -> str:
    if manifest.allowed_tables is None:
        return "not signed (an old room; services refuse to run it)"
    return ", ".join(manifest.allowed_tables) or "none (no SQL)"


def _text(text: str) -> str:
    return columns.quoted(text) if text.strip() else "  (empty)"
