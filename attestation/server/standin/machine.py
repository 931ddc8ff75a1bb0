"""The invented machine behind the stand-in: everything about it follows from a seed and the service's version."""

import hashlib
import json
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from attestation.encoding import b64
from attestation.evidence.development.authority import DevelopmentAuthority, development_authority
from attestation.evidence.development.boot import mint_event_log
from attestation.evidence.development.issuers import DevelopmentIssuers, development_issuers
from attestation.evidence.development.quotes import Measurements, mint_quote
from attestation.evidence.development.statements import mint_collateral
from attestation.evidence.identity import BootFacts, KeyProvider, KeyProviderKind

STATEMENTS_VALID_SECONDS: Final = 7 * 86_400
CLOCK_SKEW_SECONDS: Final = 3_600  # statements begin that much earlier, for verifiers whose clock is behind
NAME: Final = "hivemind-development"
_REPORT_DATA_BYTES: Final = 64
_PURPOSE: Final = b"hivemind:development-guest-agent:v1|"


@dataclass(frozen=True)
class DevelopmentMachine:
    """Prints nothing of its seed (32 bytes)."""

    seed: bytes
    app_version: str

    def __repr__(self) -> str:
        return f"DevelopmentMachine({self.app_version})"

    @cached_property
    def authority(self) -> DevelopmentAuthority:
        """The root its quotes lead to."""
        return development_authority(self.seed)

    @cached_property
    def app_compose(self) -> str:
        """The text whose digest is the build: another version is another build."""
        described = {
            "manifest_version": 2,
            "name": NAME,
            "runner": "docker-compose",
            "docker_compose_file": f"# development, proves nothing about hardware\n# hivemind {self.app_version}\n",
            "kms_enabled": True,
            "public_logs": False,
            "public_sysinfo": False,
        }
        return json.dumps(described, separators=(",", ":"))

    @cached_property
    def facts(self) -> BootFacts:
        """What its event log tells."""
        return BootFacts(
            app_id=self._digest("app")[:20].hex(),
            compose_hash=hashlib.sha256(self.app_compose.encode("utf-8")).hexdigest(),
            instance_id=self._digest("instance")[:20].hex(),
            os_image_hash=self._digest("os image").hex(),
            key_provider=KeyProvider(KeyProviderKind.KMS, self._digest("key service")),
        )

    @cached_property
    def measurements(self) -> Measurements:
        """Its registers; the last one is where the event log leads."""
        _, runtime = self._log
        mr_td, *others = (hashlib.sha384(f"{NAME} register {index}".encode("ascii")).digest() for index in range(4))
        return Measurements(
            mr_td=mr_td,
            rtmrs=(others[0], others[1], others[2], runtime),
            mr_config_id=b"\x01" + bytes.fromhex(self.facts.compose_hash) + bytes(15),
        )

    def key(self, path: str) -> dict[str, Any]:
        """The answer to GetKey."""
        derived = HKDF(SHA256(), 32, None, _PURPOSE + b"key|" + path.encode("utf-8")).derive(self.seed)
        chain = self._issuers.sign_path(derived)
        return {"key": derived.hex(), "signature_chain": [signature.hex() for signature in chain]}

    def quote(self, report_data: bytes) -> dict[str, Any]:
        """The answer to GetQuote, for at most 64 bytes, which are filled up with zeros."""
        filled = report_data.ljust(_REPORT_DATA_BYTES, b"\0")
        made = mint_quote(self.authority, report_data=filled, measurements=self.measurements)
        return {
            "quote": made.hex(),
            "event_log": self._log[0],
            "report_data": filled.hex(),
            "vm_config": self._vm_config,
        }

    def info(self) -> dict[str, Any]:
        """The answer to Info."""
        registers = self.measurements
        device = self._digest("device").hex()
        measured = {
            "mrtd": registers.mr_td.hex(),
            **{f"rtmr{index}": value.hex() for index, value in enumerate(registers.rtmrs)},
            "mr_aggregated": hashlib.sha256(registers.mr_td + b"".join(registers.rtmrs)).hexdigest(),
            "os_image_hash": self.facts.os_image_hash,
            "compose_hash": self.facts.compose_hash,
            "device_id": device,
            "app_compose": self.app_compose,
            "event_log": json.loads(self._log[0]),
        }
        return {
            "app_id": self.facts.app_id,
            "instance_id": self.facts.instance_id,
            "app_cert": "",
            "tcb_info": json.dumps(measured),
            "app_name": NAME,
            "device_id": device,
            "key_provider_info": json.dumps({"name": "kms", "id": self._digest("key service").hex()}),
            "compose_hash": self.facts.compose_hash,
            "vm_config": self._vm_config,
        }

    def development(self) -> dict[str, Any]:
        """What a verifier needs to accept its quotes. No real agent has this call."""
        issued_at = int(time.time()) - CLOCK_SKEW_SECONDS
        statements = mint_collateral(self.authority, issued_at=issued_at, valid_seconds=STATEMENTS_VALID_SECONDS)
        return {"root_ca_der_b64": b64(self.authority.trust_root.der), "collateral": statements.to_json()}

    @property
    def key_service_root(self) -> bytes:
        """The public key of its invented key service, compressed."""
        return self._issuers.root_public

    @cached_property
    def _issuers(self) -> DevelopmentIssuers:
        return development_issuers(self.seed, app_id=self.facts.app_id)

    @cached_property
    def _log(self) -> tuple[str, bytes]:
        return mint_event_log(self.facts)

    @property
    def _vm_config(self) -> str:
        return json.dumps({"os_image_hash": self.facts.os_image_hash, "image": NAME})

    def _digest(self, name: str) -> bytes:
        """A public value of this machine, from which nothing follows about its keys."""
        root = hashlib.sha256(self.authority.trust_root.der).digest()
        return hashlib.sha256(_PURPOSE + name.encode("ascii") + b"|" + root).digest()
