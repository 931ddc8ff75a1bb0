"""Evidence for a service of the tests: hardware under a root of the tests' own, or development evidence."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from attestation.encoding import b64, unb64
from attestation.evidence import report_data
from attestation.evidence.bundle import AppAuth, Ready, TlsClaim
from attestation.evidence.collateral import Collateral
from attestation.evidence.development.authority import DevelopmentAuthority, development_authority
from attestation.evidence.development.boot import mint_event_log
from attestation.evidence.development.quotes import Measurements, mint_quote
from attestation.evidence.development.statements import MachineState, mint_collateral
from attestation.evidence.identity import BootFacts, KeyProvider, KeyProviderKind
from attestation.evidence.roots import IntelRoot
from tests.hmctl.http_service import Answer, Asked
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


class Maker(IntelRoot):
    """Takes the part of the hardware maker: what stands under it is not development."""

    def __init__(self, authority: DevelopmentAuthority) -> None:
        object.__setattr__(self, "_root", authority.trust_root)

    @property
    def public_point(self) -> bytes:
        return self.__dict__["_root"].public_point  # type: ignore[no-any-return]

    @property
    def der(self) -> Any:
        return self.__dict__["_root"].der


@cache
def authority() -> DevelopmentAuthority:
    return development_authority(hashlib.sha256(b"maker of the tests").digest())


@cache
def statements(state: MachineState = MachineState()) -> Collateral:  # noqa: B008 - a frozen value
    return mint_collateral(authority(), issued_at=int(time.time()) - 3600, valid_seconds=7 * 86_400, state=state)


class Enclave:
    """Makes a service answer with evidence. `facts` says what runs; tests change it between commands.

    `certificate` (DER) is the one in which TLS ends inside the machine. `version` 1 and 2 are evidence of the start,
    which answers no nonce. `change` lies about the finished answer.
    """

    def __init__(self, service: LyingService, *, kind: str = "hardware") -> None:
        self.service = service
        self.kind = kind
        self.state = MachineState()
        self.certificate: bytes | None = None
        self.version = 3
        self.debug = False
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
        self.facts = BootFacts(
            app_id="a1" * 20,
            compose_hash="b1" * 32,
            instance_id="c1" * 20,
            os_image_hash="d1" * 32,
            key_provider=KeyProvider(KeyProviderKind.KMS, b"kms-key"),
        )
        service.answer("GET", "/v1/attestation", self.answer)
        service.finish_run = lambda row: {"attestation": service.record(row, compose_hash=self.build)}

    @property
    def build(self) -> str:
        return self.facts.compose_hash

    def upgrade(self, build: str) -> None:
        self.facts = replace(self.facts, compose_hash=build)

    def equip(self, shell: Shell, folder: Path) -> None:
        """Lets a machine believe in the tests' maker and gives it the maker's statements."""
        path = folder / f"collateral-{secrets.token_hex(4)}.json"
        path.write_text(statements(self.state).to_json())
        shell.hardware = Maker(authority())
        shell.environment["HIVEMIND_COLLATERAL"] = str(path)

    def report_data(self, nonce: bytes) -> bytes:
        seen = hashlib.sha256(self.certificate).digest() if self.certificate else None
        if self.version == 1:
            return report_data.build_v1("0.3.7")
        if self.version == 2:
            return report_data.build_v2("0.3.7", cert_sha256=seen or bytes(32))
        binding = report_data.SessionBinding(
            app_version="0.3.7",
            nonce=nonce,
            tls_cert_sha256=seen,
            run_signer=unb64(self.service.signer.public_b64),
            keyset_sha256=report_data.keyset_digest({}),
        )
        return report_data.build_v3(binding)

    def answer(self, asked: Asked) -> Answer:
        nonce = bytes.fromhex(asked.query.get("nonce", "")) or bytes(32)
        log, register = mint_event_log(self.facts)
        measurements = Measurements(
            mr_td=b"t" * 48,
            rtmrs=(b"0" * 48, b"1" * 48, b"2" * 48, register),
            mr_config_id=b"\x01" + bytes.fromhex(self.build) + bytes(15),
        )
        tls = TlsClaim()
        if self.certificate:
            tls = TlsClaim(enabled=True, cert_fingerprint_sha256_hex=hashlib.sha256(self.certificate).hexdigest())
        ready = Ready(
            booted_at=1767225600.0,
            quote=mint_quote(
                authority(), report_data=self.report_data(nonce), measurements=measurements, debug=self.debug
            ),
            event_log_json=log,
            measurements={},
            compose_hash=self.build,
            app_id=self.facts.app_id,
            instance_id=self.facts.instance_id or "",
            hivemind_version="0.3.7",
            report_data_version=self.version,
            app_auth=AppAuth(),
            tls=tls,
            run_signer_pubkey_b64=self.service.signer.public_b64,
            run_signer_key_path="hivemind-runs-v1",
        )
        return self.change(ready.to_wire() | self._development())

    def _development(self) -> dict[str, Any]:
        if self.kind == "hardware":
            return {}
        collateral = statements(self.state)
        root = b64(authority().trust_root.der)
        return {
            "development": {
                "label": "made here",
                "root_ca_der_b64": root,
                "collateral": json.loads(collateral.to_json()),
            }
        }
