"""What a new room is asked to be, and whether the manifest that came back says the same.

The service holds the signing key, so a signature alone does not prove that it signed what its owner asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from attestation import links
from attestation.errors import LinkError
from attestation.links import RoomLink
from attestation.manifests.room import RoomManifest
from attestation.verifier import VerifiedRoom
from hmctl import services
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.errors import BadInput, RoomRejected
from hmctl.packages.packing import Package
from hmctl.packages.uploads import Role
from hmctl.rooms import opening


@dataclass(frozen=True)
class Terms:
    """The terms as asked for. None leaves a choice to the service."""

    name: str
    rules: str
    policy: str | None
    scope_agent_id: str
    query_mode: str | None
    query_agent_id: str | None
    query_visibility: str
    mediator_agent_id: str | None
    mediator_visibility: str | None
    output_visibility: str
    llm_providers: tuple[str, ...]
    allow_artifacts: bool
    allowed_tables: tuple[str, ...]
    trust_mode: str
    composes: tuple[str, ...]
    expires_at: float | None
    require_row_policies: bool = False

    def body(self) -> JsonObject:
        """The request."""
        trust: JsonObject = {"mode": self.trust_mode}
        if self.composes:
            trust["allowed_composes"] = list(self.composes)
        body: JsonObject = {
            "name": self.name,
            "rules": self.rules,
            "policy": self.policy,
            "scope_agent_id": self.scope_agent_id,
            "query_visibility": self.query_visibility,
            "mediator_agent_id": self.mediator_agent_id,
            "mediator_visibility": self.mediator_visibility,
            "output_visibility": self.output_visibility,
            "egress": {"llm_providers": list(self.llm_providers), "allow_artifacts": self.allow_artifacts},
            "allowed_tables": list(self.allowed_tables),
            "trust": trust,
        }
        if self.require_row_policies:
            body["require_row_policies"] = True
        if self.expires_at is not None:
            body["expires_at"] = self.expires_at
        if self.query_mode:
            body |= {"query_mode": self.query_mode, "query_agent_id": self.query_agent_id}
        return body


@dataclass(frozen=True)
class Created:
    """A new room that was checked, and its invite."""

    verified: VerifiedRoom
    link: RoomLink
    answer: JsonObject

    def as_json(self) -> JsonObject:
        """The answer for --json, its room made of signed values."""
        room = opening.room_json(wire.obj(self.answer, "room"), self.verified)
        return dict(self.answer) | {"room_id": self.verified.manifest.room_id, "room": room}


def check_memory(app: App) -> None:
    """Finds out before a room is made whether what is remembered of rooms can be relied on (StoreDamaged)."""
    app.known_rooms.all()
    app.known_rooms.owner_key(app.profile.service.url, "")


def check(app: App, terms: Terms, answer: JsonObject, *, packages: Mapping[Role, Package]) -> Created:
    """The new room, if it is signed, linked and worded as asked (RoomRejected). Remembers its owner key."""
    room_id = wire.identifier(answer, "room_id")
    link = _link(answer, room_id)
    if app.known_rooms.newest(room_id, link.owner_pubkey_b64) is not None:
        raise RoomRejected("the service answered with a room that existed before", code="room_not_new")
    verified = opening.check_envelope(
        app, wire.obj(answer, "room"), room_id=room_id, owner_pubkey_b64=link.owner_pubkey_b64
    )
    _check_terms(terms, verified.manifest)
    _check_sources(verified.manifest, packages)
    _remember(app, verified)
    if not services.parse(link.service).is_same_as(app.profile.service):
        app.terminal.warn(f"the invite leads to {link.service}, not to {app.profile.service.url}")
    return Created(verified, link, answer)


def _link(answer: JsonObject, room_id: str) -> RoomLink:
    try:
        link = links.parse_link(wire.text(answer, "link"))
    except LinkError as problem:
        raise RoomRejected(f"the service made no usable invite: {problem}", code="invite_unusable") from None
    if link.room_id != room_id or link.token != wire.text(answer, "token"):
        raise RoomRejected("the invite is of another room than the one created", code="invite_unusable")
    return link


def _check_terms(terms: Terms, manifest: RoomManifest) -> None:
    pairs = {
        "name": (terms.name.strip(), manifest.name),
        "rules": (terms.rules, manifest.rules),
        "policy": (terms.rules if terms.policy is None else terms.policy, manifest.policy),
        "scope agent": (terms.scope_agent_id, manifest.scope.agent_id),
        "query mode": (terms.query_mode or manifest.query.mode, manifest.query.mode),
        "query agent": (terms.query_agent_id or manifest.query.agent_id, manifest.query.agent_id),
        "output visibility": (terms.output_visibility, manifest.output_visibility),
        "model providers": (set(terms.llm_providers), set(manifest.llm_providers)),
        "artifacts": (terms.allow_artifacts, manifest.allow_artifacts),
        "row policies": (terms.require_row_policies, manifest.require_row_policies),
        "tables": (_folded(terms.allowed_tables), _folded(manifest.allowed_tables or ())),
        "trust mode": (terms.trust_mode, manifest.trust.mode),
        "builds": (terms.composes, manifest.trust.allowed_composes),
        "expiry": (terms.expires_at, manifest.expires_at),
    }
    if terms.mediator_agent_id:
        pairs["mediator"] = (terms.mediator_agent_id, manifest.mediator.agent_id if manifest.mediator else "")
    different = [name for name, (asked, signed) in pairs.items() if asked != signed]
    if different:
        raise RoomRejected(
            f"the service signed other terms than asked for: {', '.join(different)}",
            hint=f"Do not hand out its invite: hmctl room revoke {manifest.room_id}",
            code="terms_differ",
        )


def _check_sources(manifest: RoomManifest, packages: Mapping[Role, Package]) -> None:
    sent: dict[str, Package] = {str(role): package for role, package in packages.items()}
    for agent in manifest.agents:
        package = sent.get(agent.role)
        if package and (agent.source_sha256, agent.files_sha256) != (
            package.source_sha256,
            package.files_sha256,
        ):
            raise RoomRejected(
                f"the service signed another source of the {agent.role} agent than the one uploaded",
                hint=f"Do not hand out its invite: hmctl room revoke {manifest.room_id}",
                code="source_differs",
            )


def _remember(app: App, verified: VerifiedRoom) -> None:
    """Keeps owner key and version. The room exists by now, and its invite is shown once: a full disk is a warning."""
    service, manifest = app.profile.service.url, verified.manifest
    before = app.known_rooms.owner_key(service, manifest.tenant_id)
    if before and before != verified.owner_pubkey_b64:
        app.terminal.warn("this room is signed by another owner key than your earlier rooms here")
    try:
        app.known_rooms.remember(service, manifest.room_id, opening.as_known(verified))
        app.known_rooms.remember_owner_key(service, manifest.tenant_id, verified.owner_pubkey_b64)
    except BadInput as problem:
        app.terminal.warn(f"this room is not remembered: {problem.message}")


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.strip().lower() for name in names}
