"""The attestation response of a service as typed values: claims, until the quote is verified.

In particular `compose_hash`, `report_data_version` and `measurements` must be replaced by what the verified
quote says.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from attestation.encoding import b64, unb64, unhex
from attestation.errors import BadKey, EncodingError, ManifestError
from attestation.evidence.errors import BundleMalformed, KeyChainBroken
from attestation.evidence.key_chain import KeyChain, read_key_chain
from attestation.keys import VerifyKey
from attestation.reading import Reader

RUN_SIGNER_KEY_PATH: Final = "hivemind-runs-v1"
_DEVELOPMENT: Final = "development"


@dataclass(frozen=True)
class DevelopmentSigner:
    """A run signer that no hardware vouches for. Only a person may decide to accept it."""

    run_signer_pubkey_b64: str
    label: str = "development key, proves nothing about hardware"


@dataclass(frozen=True)
class NotReady:
    """The service has no hardware evidence."""

    reason: str
    version: str
    development: DevelopmentSigner | None = None

    def to_wire(self) -> dict[str, Any]:
        """The response body. The development signer is there only when there is one."""
        wire: dict[str, Any] = {"ready": False, "reason": self.reason, "hivemind_version": self.version}
        return wire | ({_DEVELOPMENT: asdict(self.development)} if self.development else {})


@dataclass(frozen=True)
class AppAuth:
    """Where the operator registers builds on a chain."""

    contract: str = ""
    chain_id: int = 0
    rpc_url: str = ""
    explorer_base_url: str = ""


@dataclass(frozen=True)
class TlsClaim:
    """The certificate the service says it terminates TLS with."""

    enabled: bool = False
    cert_fingerprint_sha256_hex: str = ""
    cert_pem: str = ""
    pinning_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Everything a service in attested hardware offers as proof. `booted_at` is unix seconds.

    `keyset` holds the service's other public keys by name; `config_document` is the text behind a
    configuration id that is a document's digest; `run_signer_chain` leads from a key service to the run signer.
    """

    booted_at: float
    quote: bytes = field(repr=False)
    event_log_json: str = field(repr=False)
    measurements: Mapping[str, str]
    compose_hash: str
    app_id: str
    instance_id: str
    hivemind_version: str
    report_data_version: int
    app_auth: AppAuth
    tls: TlsClaim
    run_signer_pubkey_b64: str
    run_signer_key_path: str
    keyset: Mapping[str, bytes] = field(default_factory=dict)
    config_document: str = field(default="", repr=False)
    run_signer_chain: KeyChain | None = None

    def to_wire(self) -> dict[str, Any]:
        """The response body. Keyset, configuration document and chain are there only when there are any."""
        claims: dict[str, Any] = {
            "tdx_quote_hex": self.quote.hex(),
            "event_log_json": self.event_log_json,
            "measurements": dict(self.measurements),
            "compose_hash": self.compose_hash,
            "app_id": self.app_id,
            "instance_id": self.instance_id,
            "hivemind_version": self.hivemind_version,
            "report_data_version": self.report_data_version,
            "app_auth": asdict(self.app_auth),
            "tls": asdict(self.tls),
            "run_signer_pubkey_b64": self.run_signer_pubkey_b64,
            "run_signer_key_path": self.run_signer_key_path,
        }
        if self.keyset:
            claims["keyset"] = {name: b64(key) for name, key in self.keyset.items()}
        if self.config_document:
            claims["mr_config"] = self.config_document
        if self.run_signer_chain:
            claims["run_signer_chain"] = self.run_signer_chain.to_wire()
        return {"ready": True, "booted_at": self.booted_at, "attestation": claims}


def parse_bundle(response: object) -> NotReady | Ready:
    """Reads the response body. Raises BundleMalformed; unknown members are ignored. Verifies nothing."""
    if not isinstance(response, Mapping):
        raise BundleMalformed
    top = Reader(response)
    try:
        return _ready(top) if top.flag("ready") else _not_ready(top)
    except (ManifestError, EncodingError, BadKey, KeyChainBroken) as error:
        where = f" ({error.field})" if isinstance(error, ManifestError) else ""
        raise BundleMalformed(f"{BundleMalformed.sentence[:-1]}{where}.") from error


def _not_ready(top: Reader) -> NotReady:
    development = None
    if top.has(_DEVELOPMENT):
        signer = top.object(_DEVELOPMENT)
        public = VerifyKey.from_b64(signer.text("run_signer_pubkey_b64"))
        development = DevelopmentSigner(public.b64, _text(signer, "label"))
    return NotReady(_text(top, "reason"), _text(top, "hivemind_version"), development)


def _ready(top: Reader) -> Ready:
    claims = top.object("attestation")
    measurements = claims.object("measurements")
    signer = _text(claims, "run_signer_pubkey_b64")
    return Ready(
        booted_at=top.moment("booted_at"),
        quote=unhex(claims.filled("tdx_quote_hex").lower()),
        event_log_json=_text(claims, "event_log_json"),
        measurements={name: measurements.text(name) for name in measurements.members},
        compose_hash=_text(claims, "compose_hash").lower(),
        app_id=_text(claims, "app_id"),
        instance_id=_text(claims, "instance_id"),
        hivemind_version=_encodable(claims.text("hivemind_version")),
        report_data_version=claims.count("report_data_version"),
        app_auth=_app_auth(claims),
        tls=_tls(claims),
        run_signer_pubkey_b64=VerifyKey.from_b64(signer).b64 if signer else "",
        run_signer_key_path=_text(claims, "run_signer_key_path"),
        keyset=_keyset(claims),
        config_document=_text(claims, "mr_config"),
        run_signer_chain=_chain(claims),
    )


def _chain(claims: Reader) -> KeyChain | None:
    return read_key_chain(claims.object("run_signer_chain")) if claims.has("run_signer_chain") else None


def _keyset(claims: Reader) -> dict[str, bytes]:
    if not claims.has("keyset"):
        return {}
    keys = claims.object("keyset")
    return {_encodable(name): unb64(keys.text(name)) for name in keys.members}


def _encodable(text: str) -> str:
    """Text that goes into a digest. JSON can carry halves of characters, which have no bytes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BundleMalformed from error
    return text


def _app_auth(claims: Reader) -> AppAuth:
    if not claims.has("app_auth"):
        return AppAuth()
    auth = claims.object("app_auth")
    return AppAuth(
        contract=auth.text("contract"),
        chain_id=auth.count("chain_id"),
        rpc_url=auth.text("rpc_url"),
        explorer_base_url=auth.text("explorer_base_url"),
    )


def _tls(claims: Reader) -> TlsClaim:
    if not claims.has("tls"):
        return TlsClaim()
    tls = claims.object("tls")
    return TlsClaim(
        enabled=tls.flag("enabled"),
        cert_fingerprint_sha256_hex=tls.text("cert_fingerprint_sha256_hex").lower(),
        cert_pem=tls.text("cert_pem"),
        pinning_url=tls.text("pinning_url"),
    )


def _text(reader: Reader, name: str) -> str:
    return reader.text(name) if reader.has(name) else ""
