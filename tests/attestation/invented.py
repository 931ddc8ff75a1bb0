"""A machine that does not exist, run by Olga, with evidence in the real format under a root of its own."""

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import Any

from attestation.encoding import unb64
from attestation.evidence import report_data
from attestation.evidence.bundle import AppAuth, Ready, TlsClaim
from attestation.evidence.collateral import Collateral, parse_collateral
from attestation.evidence.dcap import verify_quote
from attestation.evidence.development import quotes
from attestation.evidence.development.authority import DevelopmentAuthority, development_authority
from attestation.evidence.development.boot import mint_event_log
from attestation.evidence.development.quotes import Measurements, mint_quote
from attestation.evidence.development.statements import MachineState, mint_collateral
from attestation.evidence.identity import BootFacts, KeyProvider, KeyProviderKind
from attestation.evidence.platform import TcbStatus, VerifiedQuote
from attestation.evidence.report_data import SessionBinding
from attestation.keys import SigningKey
from attestation.policy.tcb import TcbPolicy

AT = 1_780_000_000
VALID_SECONDS = 3600
VERSION = "1.2.3"
CERT, NONCE = b"c" * 32, b"n" * 32
SIGNER = SigningKey.from_seed(b"r" * 32).public
KEYSET = {"handoff": b"h" * 32}
COMPOSE = "c0" * 32
FACTS = BootFacts(
    app_id="a0" * 20,
    compose_hash=COMPOSE,
    instance_id="10" * 20,
    os_image_hash="05" * 32,
    key_provider=KeyProvider(KeyProviderKind.KMS, b"key of the key service"),
)
EVENT_LOG, RTMR3 = mint_event_log(FACTS)
CONFIG_ID = b"\x01" + bytes.fromhex(COMPOSE) + bytes(15)
MEASUREMENTS = Measurements(mr_td=b"t" * 48, rtmrs=(b"0" * 48, b"1" * 48, b"2" * 48, RTMR3), mr_config_id=CONFIG_ID)
IN_ORDER = TcbPolicy(
    allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}), minimum_evaluation_number=0, allow_development=True
)
MOCK = json.loads((Path(__file__).parents[1] / "vectors" / "tdx_mock.json").read_text())


@cache
def authority(seed: bytes = b"o" * 32) -> DevelopmentAuthority:
    return development_authority(seed)


@cache
def collateral(state: MachineState | None = None) -> Collateral:
    return mint_collateral(authority(), issued_at=AT, valid_seconds=VALID_SECONDS, state=state)


def binding(**changes: Any) -> SessionBinding:
    bound = SessionBinding(
        app_version=VERSION,
        nonce=NONCE,
        tls_cert_sha256=CERT,
        run_signer=unb64(SIGNER.b64),
        keyset_sha256=report_data.keyset_digest(KEYSET),
    )
    return dataclasses.replace(bound, **changes)


def quote(data: bytes | None = None, *, measurements: Measurements = MEASUREMENTS, debug: bool = False) -> bytes:
    data = report_data.build_v3(binding()) if data is None else data
    return mint_quote(authority(), report_data=data, measurements=measurements, debug=debug)


def verified(minted: bytes | None = None, *, state: MachineState | None = None, **changes: Any) -> VerifiedQuote:
    minted = quote() if minted is None else minted
    terms = {"collateral": collateral(state), "at": AT, "roots": authority().trust_root, "policy": IN_ORDER}
    return verify_quote(minted, **(terms | changes))


def as_version_5(minted: bytes, *, extra: bytes = bytes(64), kind: int = 3) -> bytes:
    """The same machine as a quote of version 5, with the report of a later kind."""
    body = minted[48:632] + extra
    signed = b"\x05" + minted[1:48] + kind.to_bytes(2, "little") + len(body).to_bytes(4, "little") + body
    return signed + quotes._counted(quotes._signature_part(authority(), signed))


def bundle(minted: bytes | None = None, **changes: Any) -> Ready:
    told = Ready(
        booted_at=float(AT),
        quote=quote() if minted is None else minted,
        event_log_json=EVENT_LOG,
        measurements={"mrtd": MEASUREMENTS.mr_td.hex(), "rtmr3": RTMR3.hex()},
        compose_hash=COMPOSE,
        app_id=FACTS.app_id,
        instance_id=FACTS.instance_id or "",
        hivemind_version=VERSION,
        report_data_version=3,
        app_auth=AppAuth(),
        tls=TlsClaim(enabled=True, cert_fingerprint_sha256_hex=CERT.hex()),
        run_signer_pubkey_b64=SIGNER.b64,
        run_signer_key_path="",
        keyset=KEYSET,
    )
    return dataclasses.replace(told, **changes)


def mock_collateral(name: str = "up_to_date") -> Collateral:
    return parse_collateral(json.dumps(MOCK["collateral"][name]).encode())
