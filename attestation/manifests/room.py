"""The room manifest: what the owner signs and everybody else relies on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from attestation.digests import text_hash
from attestation.errors import BadKey, ManifestError
from attestation.keys import VerifyKey
from attestation.manifests import normalise
from attestation.manifests.normalise import (
    normalise_composes,
    normalise_providers,
    normalise_query,
    normalise_tables,
    normalise_trust,
)
from attestation.reading import Reader

__all__ = [
    "AgentDigests",
    "AgentRef",
    "QueryRef",
    "RoomManifest",
    "TrustPolicy",
    "normalise_composes",
    "normalise_providers",
    "normalise_query",
    "normalise_tables",
    "normalise_trust",
    "parse_room",
    "with_trust",
]

SCHEMA: Final = "hivemind.room.v1"
INSPECTABLE: Final = "inspectable"
SEALED: Final = "sealed"
VISIBILITIES: Final = (INSPECTABLE, SEALED)
OUTPUT_VISIBILITIES: Final = ("querier_only", "owner_and_querier")
ROLES: Final = ("scope", "query", "mediator")


@dataclass(frozen=True)
class AgentRef:
    """An agent the room names, and whether others may read its source."""

    agent_id: str
    visibility: str


@dataclass(frozen=True)
class QueryRef:
    """Who asks: a fixed agent, or whatever the asker uploads (`agent_id` empty)."""

    mode: str
    agent_id: str
    visibility: str


@dataclass(frozen=True)
class TrustPolicy:
    """Which builds of the service the owner accepts. Under `operator_updates` the list means nothing."""

    mode: str
    allowed_composes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgentDigests:
    """What an agent was when the owner signed. `image_id` is empty while the image is not built."""

    role: str
    agent_id: str
    source_sha256: str
    files_sha256: str
    image_id: str = ""


@dataclass(frozen=True)
class RoomManifest:
    """One room. `allowed_tables` None means an old manifest without that member; () means no SQL.

    `require_row_policies`: nothing is answered unless the database itself hides what the scope agent does not permit.
    Times are unix seconds. `serial` counts signed versions of the room, 0 where the manifest has none.
    `agents` is empty where the owner's service did not sign digests.
    """

    room_id: str
    tenant_id: str
    name: str
    rules: str
    rules_hash: str
    policy: str
    scope: AgentRef
    query: QueryRef
    mediator: AgentRef | None
    output_visibility: str
    llm_providers: tuple[str, ...]
    allow_artifacts: bool
    trust: TrustPolicy
    allowed_tables: tuple[str, ...] | None
    created_at: float
    owner_pubkey_b64: str
    updated_at: float | None = None
    serial: int = 0
    expires_at: float | None = None
    agents: tuple[AgentDigests, ...] = ()
    require_row_policies: bool = False
    schema: str = SCHEMA

    def to_wire(self) -> dict[str, Any]:
        """The object to sign. Optional members are there only when set, so older rooms keep their bytes."""
        wire: dict[str, Any] = {
            "schema": self.schema,
            "room_id": self.room_id,
            "tenant_id": self.tenant_id,
            "name": self.name,
            "rules": self.rules,
            "rules_hash": self.rules_hash,
            "policy": self.policy,
            "scope": asdict(self.scope) | ({"require_row_policies": True} if self.require_row_policies else {}),
            "query": asdict(self.query),
            "mediator": asdict(self.mediator) if self.mediator else {"agent_id": ""},
            "output": {"visibility": self.output_visibility},
            "egress": {"llm_providers": list(self.llm_providers), "allow_artifacts": self.allow_artifacts},
            "trust": _trust_wire(self.trust),
            "created_at": float(self.created_at),
            "owner_pubkey_b64": self.owner_pubkey_b64,
        }
        return wire | self._optional_wire()

    def _optional_wire(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        if self.allowed_tables is not None:
            members["allowed_tables"] = list(self.allowed_tables)
        if self.updated_at is not None:
            members["updated_at"] = float(self.updated_at)
        if self.serial:
            members["serial"] = self.serial
        if self.expires_at is not None:
            members["expires_at"] = float(self.expires_at)
        if self.agents:
            members["agents"] = [asdict(agent) for agent in self.agents]
        return members


def parse_room(manifest: Mapping[str, Any]) -> RoomManifest:
    """Reads a signed manifest. Raises ManifestError for a wrong type, an unknown choice or a contradiction.

    Members this version does not know are ignored; they stay covered by the signature. Verifies no signature.
    """
    top = Reader(manifest)
    top.choice("schema", (SCHEMA,))
    egress, scope = top.object("egress"), top.object("scope")
    room = RoomManifest(
        room_id=top.filled("room_id"),
        tenant_id=top.filled("tenant_id"),
        name=top.text("name"),
        rules=top.text("rules"),
        rules_hash=top.sha256("rules_hash"),
        policy=top.text("policy"),
        scope=AgentRef(scope.filled("agent_id"), scope.choice("visibility", VISIBILITIES)),
        query=_query(top.object("query")),
        mediator=_mediator(top.object("mediator")),
        output_visibility=top.object("output").choice("visibility", OUTPUT_VISIBILITIES),
        llm_providers=_providers(egress),
        allow_artifacts=egress.flag("allow_artifacts"),
        trust=_trust(top.object("trust")),
        allowed_tables=_tables(top),
        created_at=top.moment("created_at"),
        owner_pubkey_b64=_owner_key(top),
        updated_at=top.moment("updated_at") if top.has("updated_at") else None,
        serial=top.count("serial") if top.has("serial") else 0,
        expires_at=top.moment("expires_at") if top.has("expires_at") else None,
        agents=_agents(top) if top.has("agents") else (),
        require_row_policies=scope.flag("require_row_policies") if scope.has("require_row_policies") else False,
    )
    _check_consistent(room)
    return room


def with_trust(
    manifest: Mapping[str, Any], *, trust: TrustPolicy, updated_at: float, serial: int = 0
) -> dict[str, Any]:
    """The manifest to sign after a trust update: trust, time and serial replaced, everything else kept.

    Members this version does not know are kept too. A `serial` of 0 leaves that member as it was. Raises
    ManifestError when a restricting mode lists no build.
    """
    if trust.mode != normalise.OPERATOR_UPDATES and not trust.allowed_composes:
        raise ManifestError("composes_missing", "trust.allowed_composes", "This trust mode must list its builds.")
    updated = dict(manifest) | {"trust": _trust_wire(trust), "updated_at": float(updated_at)}
    return updated | ({"serial": serial} if serial else {})


def _trust_wire(trust: TrustPolicy) -> dict[str, Any]:
    return {"mode": trust.mode, "allowed_composes": list(trust.allowed_composes)}


def _query(query: Reader) -> QueryRef:
    mode = query.choice("mode", normalise.QUERY_MODES)
    agent_id = query.filled("agent_id") if mode == normalise.FIXED else query.text("agent_id")
    return QueryRef(mode, agent_id, query.choice("visibility", VISIBILITIES))


def _mediator(mediator: Reader) -> AgentRef | None:
    agent_id = mediator.text("agent_id")
    return AgentRef(agent_id, mediator.choice("visibility", VISIBILITIES)) if agent_id else None


def _trust(trust: Reader) -> TrustPolicy:
    return TrustPolicy(trust.choice("mode", normalise.TRUST_MODES), trust.texts("allowed_composes"))


def _providers(egress: Reader) -> tuple[str, ...]:
    providers = egress.texts("llm_providers")
    if any(provider not in normalise.PROVIDERS for provider in providers):
        raise ManifestError("provider_unknown", egress.field("llm_providers"))
    return providers


def _tables(top: Reader) -> tuple[str, ...] | None:
    if not top.has("allowed_tables"):
        return None
    tables = top.texts("allowed_tables")
    if not all(normalise.TABLE_NAME.fullmatch(table) for table in tables):
        raise ManifestError("table_name_invalid", "allowed_tables")
    return tables


def _owner_key(top: Reader) -> str:
    text = top.filled("owner_pubkey_b64")
    try:
        return VerifyKey.from_b64(text).b64
    except BadKey as error:
        raise ManifestError("owner_key_invalid", "owner_pubkey_b64") from error


def _agents(top: Reader) -> tuple[AgentDigests, ...]:
    return tuple(
        AgentDigests(
            role=agent.choice("role", ROLES),
            agent_id=agent.filled("agent_id"),
            source_sha256=agent.sha256("source_sha256"),
            files_sha256=agent.sha256("files_sha256"),
            image_id=agent.text("image_id"),
        )
        for agent in top.objects("agents")
    )


def _check_consistent(room: RoomManifest) -> None:
    if text_hash(room.rules) != room.rules_hash:
        raise ManifestError("rules_hash_differs", "rules_hash", "The rules do not match their hash.")
    named = {
        "scope": room.scope.agent_id,
        "query": room.query.agent_id,
        "mediator": room.mediator.agent_id if room.mediator else "",
    }
    roles = [agent.role for agent in room.agents]
    if len(set(roles)) != len(roles) or any(named[agent.role] != agent.agent_id for agent in room.agents):
        raise ManifestError("agents_differ", "agents", "The signed digests are not those of the room's agents.")
