"""The signed terms of a room, whole, as a person reads them before agreeing: what they mean, then what they say."""

from collections.abc import Mapping
from typing import Final

from attestation.manifests.normalise import OPERATOR_UPDATES
from attestation.manifests.room import SEALED, AgentRef, RoomManifest
from hmctl.render import columns, units, unread
from hmctl.rooms.opening import OpenedRoom
from hmctl.trust.decide import Standing

Facts = list[tuple[str, str]]

_OWNER_READS: Final = "owner_and_querier"
_TRUST: Final[Mapping[str, str]] = {
    "operator_updates": "operator_updates (the operator may change the program at any time)",
    "pinned": "pinned (only the builds listed here)",
    "owner_approved": "owner_approved (only builds that the owner lists here)",
}
_ANCHOR: Final[Mapping[str, str]] = {
    "link": "verified with the owner key of the link",
    "remembered": "verified with the owner key remembered for this room",
    "first use": "consistent; the owner key is remembered from now on",
}
_OPERATOR: Final[Mapping[Standing, str]] = {
    Standing.VERIFIED: "proven hardware runs the service; what it may run: see below",
}
_ROWS: Final[Mapping[bool, str]] = {
    True: "row policies required: the database itself hides every row and column that the scope agent does not permit",
    False: "the scope agent decides how rows are filtered; row policies are not required",
}
_UNPROVEN_OPERATOR: Final = "nothing proves what runs here: take it that the operator can read everything"


def terms(opened: OpenedRoom) -> str:
    """Everything the owner signed, and how far the signature and the service were checked."""
    manifest = opened.manifest
    parts = [
        columns.labelled([("Room", manifest.room_id), ("Name", manifest.name or "-")]),
        *_section("Who sees what", _who_sees(manifest, opened)),
        *_section("What may leave the room", _what_leaves(manifest)),
        *_section("Agents", _agents(manifest)),
        *_section("What they read", [("Tables", _tables(manifest)), ("Vault", "all documents that the owner adds")]),
        *_section("Which program runs it", _program(manifest)),
        "Rules:",
        _text(manifest.rules),
    ]
    if manifest.policy != manifest.rules:
        parts += ["Policy for the agents:", _text(manifest.policy)]
    else:
        parts.append("Policy for the agents: the rules above")
    beyond = unread.members(manifest, opened.verified.wire)
    if beyond:
        parts += _section("Also signed, and not known to this version of hmctl", list(beyond.items()))
    return "\n".join([*parts, *_section("Proof", _proof(opened))])


def _section(title: str, facts: Facts) -> list[str]:
    return [f"{title}:", "\n".join(f"  {line}" for line in columns.labelled(facts).split("\n"))]


def _who_sees(manifest: RoomManifest, opened: OpenedRoom) -> Facts:
    askers = "you" if opened.ref.is_share else "you and whoever shares your invite"
    owner_reads = manifest.output_visibility == _OWNER_READS
    readers = f"{askers}, and the room's owner" if owner_reads else f"{askers}; not the room's owner"
    kept = "erased when the run ends" if manifest.query.visibility == SEALED else "kept; the room's owner can read it"
    through = "the agents below and the models that they call" if manifest.llm_providers else "the agents below"
    return [
        ("Your question", f"{through}; {kept}"),
        ("The answer", readers),
        ("Artifacts", readers if manifest.allow_artifacts else "there are none"),
        ("Agents' sources", _readable(manifest)),
        ("Vault", "the agents below, during a run; only the owner can list it"),
        ("The operator", _OPERATOR.get(opened.trust.standing, _UNPROVEN_OPERATOR)),
    ]


def _readable(manifest: RoomManifest) -> str:
    named = {"scope": manifest.scope.visibility, "query": manifest.query.visibility}
    if manifest.mediator:
        named["mediator"] = manifest.mediator.visibility
    hidden = [role for role, visibility in named.items() if visibility == SEALED]
    shown = [role for role in named if role not in hidden]
    told = [f"you can read: {', '.join(shown)}"] if shown else []
    return "; ".join([*told, *([f"nobody can read: {', '.join(hidden)}"] if hidden else [])])


def _what_leaves(manifest: RoomManifest) -> Facts:
    through = ", after the mediator read it" if manifest.mediator else ", as the query agent gives it"
    models = ", ".join(manifest.llm_providers)
    return [
        ("Rows", _ROWS[manifest.require_row_policies]),
        ("Answers", f"the text of an answer{through}"),
        ("Files", "agents may leave files with an answer" if manifest.allow_artifacts else "none"),
        ("Models", f"what agents send to models of {models}" if models else "nothing: no model may be called"),
    ]


def _agents(manifest: RoomManifest) -> Facts:
    facts = _agent(manifest, "scope", manifest.scope)
    query = manifest.query
    if query.mode == "uploadable":
        facts.append(("Query", f"uploadable (the asker brings an agent, {query.visibility})"))
    else:
        facts += _agent(manifest, "query", AgentRef(query.agent_id, query.visibility))
    return facts + (_agent(manifest, "mediator", manifest.mediator) if manifest.mediator else [("Mediator", "none")])


def _agent(manifest: RoomManifest, role: str, agent: AgentRef) -> Facts:
    signed = next((item for item in manifest.agents if item.role == role), None)
    facts = [(role.capitalize(), f"{agent.agent_id} ({agent.visibility})")]
    if signed is None:
        return [*facts, ("  source", "not signed: the operator could replace it")]
    image = signed.image_id or "not built when the owner signed"
    return [*facts, ("  source", signed.source_sha256), ("  image", image)]


def _program(manifest: RoomManifest) -> Facts:
    facts = [("Trust", _TRUST.get(manifest.trust.mode, manifest.trust.mode))]
    meaning = " (means nothing under operator_updates)" if manifest.trust.mode == OPERATOR_UPDATES else ""
    facts += [("Build", compose + meaning) for compose in manifest.trust.allowed_composes]
    expires = "never; only its owner ends it" if manifest.expires_at is None else units.moment(manifest.expires_at)
    return [*facts, ("Expires", expires)]


def _proof(opened: OpenedRoom) -> Facts:
    manifest = opened.manifest
    updated = [("Updated", units.moment(manifest.updated_at))] if manifest.updated_at is not None else []
    return [
        ("Created", units.moment(manifest.created_at)),
        *updated,
        ("Version", str(manifest.serial) if manifest.serial else "not numbered"),
        ("Hash", opened.verified.manifest_hash),
        ("Owner key", opened.verified.owner_pubkey_b64),
        ("Signature", _ANCHOR[opened.anchor]),
        ("Service", f"{opened.ref.service.url} ({opened.trust.standing})"),
    ]


def _tables(manifest: RoomManifest) -> str:
    if manifest.allowed_tables is None:
        return "not signed (an old room; services refuse to run it)"
    return ", ".join(manifest.allowed_tables) or "none (no SQL)"


def _text(text: str) -> str:
    return columns.quoted(text) if text.strip() else "  (empty)"
