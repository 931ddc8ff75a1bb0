"""The honest service of a case: fresh evidence, signed rooms, runs with records, receipts, an account.

Lies are told by changing a value on its way out, at one of the named points; everything else stays honest.
"""

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from attestation import envelope
from attestation.encoding import b64
from attestation.evidence import report_data
from attestation.evidence.bundle import AppAuth, DevelopmentSigner, NotReady, Ready, TlsClaim
from attestation.evidence.collateral import Collateral
from attestation.evidence.key_chain import KeyChain
from attestation.keys import SigningKey
from attestation.links import RoomLink
from attestation.manifests.room import RoomManifest
from attestation.receipts.binding import EVIDENCE_NONCE
from tests.conformance import machine as machines
from tests.conformance.certificates import Certificate
from tests.conformance.machine import Machine, key_chain
from tests.conformance.secret_things import SecretThings
from tests.conformance.setting import Setting

Change = Callable[[Any], Any]


@dataclass
class Service:
    """State and evidence of one service. `certificate` is None where TLS ends outside or nowhere."""

    setting: Setting
    machine: Machine
    secrets: SecretThings
    url: str = ""
    certificate: Certificate | None = None
    owner: SigningKey = field(default_factory=SigningKey.generate)
    rooms: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)
    pins: list[dict[str, Any]] = field(default_factory=list)
    output: str = field(default_factory=lambda: f"Rents rose by {secrets.token_hex(8)}.")
    trouble: str = field(default_factory=lambda: f"Query agent failed: {secrets.token_hex(8)}")
    kept: dict[str, Any] | None = None
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    changes: dict[str, list[Change]] = field(default_factory=lambda: defaultdict(list))

    # --- lying ---

    def change(self, point: str, how: Change) -> None:
        """From now on the value at this point goes out changed."""
        self.changes[point].append(how)

    def told(self, point: str, value: Any) -> Any:
        """The value at this point, as the service tells it."""
        self.counts[point] += 1
        for how in self.changes[point]:
            value = how(value)
        return value

    # --- evidence ---

    @property
    def is_development(self) -> bool:
        return self.setting.evidence == "development"

    @property
    def binds_channel(self) -> bool:
        return self.certificate is not None and self.setting.certificate != "public"

    def collateral(self) -> Collateral:
        """What the machine's maker says about it now."""
        told: Collateral = self.told("collateral", machines.statements(self.machine.root))
        return told

    def bundle(self, nonce: bytes | None) -> dict[str, Any]:
        """The answer to a request for evidence, for this nonce or the one made at the start."""
        if self.setting.evidence == "none":
            development = DevelopmentSigner(self.machine.signer.public_b64)
            wire = NotReady("no guest agent", self.machine.version, development).to_wire()
            return dict(self.told("evidence", wire))
        data = self.told("report data", self._report_data(None if self.setting.evidence == "startup" else nonce))
        quote = self.told("quote", self.machine.quote(data))
        wire = self._ready(quote, version=report_data.read(data).version).to_wire()
        wire["attestation"] = self.told("claims", wire["attestation"])
        if self.is_development:
            wire["development"] = {
                "label": "development evidence, proves nothing about hardware",
                "root_ca_der_b64": b64(self.machine.authority.trust_root.der),
                "collateral": json.loads(self.told("collateral text", self.collateral().to_json())),
            }
        return dict(self.told("evidence", wire))

    def kept_bundle(self) -> dict[str, Any]:
        """The evidence that receipts stand on, the same for all of them."""
        if self.kept is None:
            self.kept = self.bundle(EVIDENCE_NONCE)
        return self.kept

    def _report_data(self, nonce: bytes | None) -> bytes:
        certificate = self.certificate.sha256 if self.certificate and self.binds_channel else None
        if nonce is not None:
            binding = self.machine.binding(nonce=nonce, certificate=certificate)
            return report_data.build_v3(self.told("binding", binding))
        if certificate is None:
            return report_data.build_v1(self.machine.version)
        return report_data.build_v2(self.machine.version, cert_sha256=certificate)

    def _ready(self, quote: bytes, *, version: int) -> Ready:
        machine, facts = self.machine, self.machine.facts
        tls = TlsClaim()
        if self.certificate and self.binds_channel:
            tls = TlsClaim(True, self.certificate.sha256.hex(), self.certificate.pem, "")
        registers = {f"rtmr{index}": value.hex() for index, value in enumerate(machine.measurements.rtmrs)}
        return Ready(
            booted_at=time.time() - 600,
            quote=quote,
            event_log_json=self.told("event log", machine.log[0]),
            measurements={"mrtd": machine.measurements.mr_td.hex(), **registers},
            compose_hash=facts.compose_hash,
            app_id=facts.app_id,
            instance_id=facts.instance_id or "",
            hivemind_version=machine.version,
            report_data_version=version,
            app_auth=AppAuth(),
            tls=tls,
            run_signer_pubkey_b64=machine.signer.public_b64,
            run_signer_key_path="hivemind-runs-v1",
            keyset=machine.keyset,
            run_signer_chain=self._key_chain(),
        )

    def _key_chain(self) -> KeyChain | None:
        """Shown where somebody demands it: making one takes longer than everything else together."""
        if "key_services" not in (self.setting.demands or {}):
            return None
        machine = self.machine
        chain: KeyChain | None = self.told("key chain", key_chain(machine.root, machine.facts.app_id, machine.signer))
        return chain

    # --- rooms ---

    def publish(self, manifest: RoomManifest, *, key: SigningKey | None = None) -> dict[str, Any]:
        """Signs the room and serves it."""
        signed = envelope.sign(manifest.to_wire(), key=key or self.owner)
        self.rooms[manifest.room_id] = row_of(signed)
        return self.rooms[manifest.room_id]

    def link(self, room_id: str) -> str:
        return RoomLink(self.setting.host, room_id, self.url, self.secrets.invite, self.owner.public_b64).format()


def row_of(signed: dict[str, Any]) -> dict[str, Any]:
    """A room as the wire shows it: the envelope and its unsigned copies."""
    manifest = json.loads(json.dumps(signed["manifest"]))
    return {
        "room_id": manifest["room_id"],
        "name": manifest["name"],
        "envelope": signed,
        "manifest": manifest,
        "manifest_hash": signed["manifest_hash"],
        "scope_agent_id": manifest["scope"]["agent_id"],
        "fixed_query_agent_id": manifest["query"]["agent_id"],
        "fixed_mediator_agent_id": manifest["mediator"]["agent_id"],
        "query_mode": manifest["query"]["mode"],
        "output_visibility": manifest["output"]["visibility"],
        "allowed_llm_providers": manifest["egress"]["llm_providers"],
        "allow_artifacts": manifest["egress"]["allow_artifacts"],
        "policy": manifest["policy"],
        "created_at": manifest["created_at"],
        "revoked_at": None,
    }
