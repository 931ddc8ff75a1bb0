"""One case's world: the service, a stranger's server that nobody should talk to, a proxy, and a witness of it all."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from attestation.digests import text_hash
from attestation.manifests.room import AgentDigests, AgentRef, QueryRef, RoomManifest, TrustPolicy
from tests.conformance import cache_service, certificates
from tests.conformance.certificates import Certificate
from tests.conformance.machine import Machine
from tests.conformance.network import Asked, Proxy, Reply, WebServer
from tests.conformance.routes import Routes
from tests.conformance.secret_things import SecretThings
from tests.conformance.service import Service
from tests.conformance.setting import LOOPBACK, Setting
from tests.conformance.witness import Witness

MAKER, DEVELOPMENT_ROOT, FORGER = "hardware maker", "development", "forger"


@dataclass
class World:
    """Everything around the client. `folder` is empty and may be written to."""

    setting: Setting
    folder: Path
    secrets: SecretThings = field(default_factory=SecretThings)
    witness: Witness = field(default_factory=Witness)
    connections: int = 0
    later_certificate: Certificate | None = None
    forged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        root = DEVELOPMENT_ROOT if self.setting.evidence == "development" else MAKER
        self.service = Service(self.setting, Machine(root=root), self.secrets)
        self.routes = Routes(self.service)
        if self.setting.scheme == "https":
            issue = certificates.enclave if self.setting.certificate == "enclave" else certificates.public
            self.service.certificate = issue(self.setting.host)
        self.approved_machine = self.service.machine
        self.server = WebServer("the service", self.witness, self.routes.respond, contexts=self._context)
        self.stranger = WebServer("a stranger", self.witness, self._stranger)
        self.cache_answers = lambda asked: cache_service.answer(asked, self.service.collateral())
        self.cache = WebServer("the cache of statements", self.witness, self._statement)
        self.registry_answers = lambda asked: Reply({"detail": "nothing is registered"}, 404)
        self.registry = WebServer("the registry", self.witness, lambda asked: self.registry_answers(asked))
        self.proxy = Proxy(self.witness, lambda host: self.server.port if host == self.setting.host else 9)
        port = "" if self.setting.is_remote else f":{self.server.port}"
        self.service.url = f"{self.setting.scheme}://{self.setting.host}{port}"
        self.manifest = self._manifest()
        self.service.publish(self.manifest)

    def close(self) -> None:
        for server in (self.server, self.stranger, self.cache, self.registry, self.proxy):
            server.close()

    @property
    def url(self) -> str:
        return self.service.url

    @property
    def stranger_url(self) -> str:
        return f"http://{LOOPBACK}:{self.stranger.port}"

    @property
    def url_of_statements(self) -> str:
        return f"http://{LOOPBACK}:{self.cache.port}"

    @property
    def url_of_registry(self) -> str:
        return f"http://{LOOPBACK}:{self.registry.port}"

    @property
    def answers(self) -> list[str]:
        """Texts that a refused command must not show on stdout, true as they are."""
        return [self.service.output, self.service.trouble]

    @property
    def link(self) -> str:
        return self.service.link(self.manifest.room_id)

    def changed(self, **changes: Any) -> RoomManifest:
        """The room with these members replaced, its rules' hash in step."""
        if "rules" in changes:
            changes["rules_hash"] = text_hash(changes["rules"])
        return replace(self.manifest, **changes)

    def _context(self, number: int) -> Any:
        self.connections = number
        chosen = self.service.certificate
        if self.later_certificate is not None and number > 1:
            chosen = self.later_certificate
        return chosen.context if chosen else None

    def _statement(self, asked: Asked) -> Reply:
        return self.cache_answers(asked)

    def _stranger(self, _: Asked) -> Reply:
        return Reply({"detail": "nobody should ask here"}, 418)

    def _manifest(self) -> RoomManifest:
        rules = f"Totals only. Never name {secrets.token_hex(6)}."
        ids = {role: secrets.token_hex(6) for role in ("scope", "query", "mediator")}
        digests = [
            AgentDigests(
                role, agent_id, secrets.token_hex(32), secrets.token_hex(32), f"sha256:{secrets.token_hex(32)}"
            )
            for role, agent_id in ids.items()
        ]
        build = self.service.machine.facts.compose_hash
        manifest = RoomManifest(
            room_id=f"room_{secrets.token_hex(6)}",
            tenant_id=f"t_{secrets.token_hex(6)}",
            name="rents",
            rules=rules,
            rules_hash=text_hash(rules),
            policy=rules,
            scope=AgentRef(ids["scope"], "inspectable"),
            query=QueryRef("fixed", ids["query"], "sealed"),
            mediator=AgentRef(ids["mediator"], "inspectable"),
            output_visibility="querier_only",
            llm_providers=("openrouter",),
            allow_artifacts=True,
            trust=TrustPolicy("pinned", (build,)) if self.setting.restricted else TrustPolicy("operator_updates"),
            allowed_tables=("leases",),
            created_at=time.time() - 5000.5,
            owner_pubkey_b64=self.service.owner.public_b64,
            serial=3,
            agents=tuple(digests),
        )
        return replace(manifest, **self.setting.manifest)


@contextmanager
def playing(setting: Setting, folder: Path) -> Iterator[World]:
    """A world until the end of the block."""
    world = World(setting, folder)
    try:
        yield world
    finally:
        world.close()
