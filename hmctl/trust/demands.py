"""What the user demands of services beyond what is always checked: `trust-policy.json`, written by hand.

Absent means the defaults. A file that cannot be understood to its last member is an error: a demand that is
misspelt must not silently be none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from attestation.canonical import ROOM_V1
from attestation.encoding import unhex
from attestation.errors import CanonicalError, EncodingError, ManifestError, VerificationError
from attestation.evidence.errors import KeyChainBroken
from attestation.evidence.identity import KeyProvider, KeyProviderKind
from attestation.evidence.key_chain import compressed
from attestation.evidence.platform import TcbStatus
from attestation.evidence.verifier import EvidencePolicy
from attestation.policy.base import NotGiven
from attestation.policy.key_root import KeyRootPolicy
from attestation.policy.os_image import OsImage, OsImagePolicy
from attestation.policy.software import AppPolicy, KeyProviderPolicy
from attestation.policy.tcb import TcbPolicy
from attestation.reading import Reader
from attestation.reproduce.source import NamedSource, read_source
from hmctl import files, services
from hmctl.errors import HmctlError, StoreDamaged
from hmctl.services import Service
from hmctl.settings import TRUST_POLICY
from hmctl.trust import registry
from hmctl.trust.registry import Registry

_VERSION: Final = 1
_REGISTER: Final = re.compile(r"[0-9a-f]{96}")
_APP_ID: Final = re.compile(r"[0-9a-f]{40}")
_ADVISORY: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
_ON_PROBATION: Final = "development evidence is not held against demands on hardware"
_IN_ORDER: Final = frozenset({TcbStatus.UP_TO_DATE})


@dataclass(frozen=True)
class ServiceDemand:
    """What is demanded of one service.

    `registry` is where its builds are registered, `source` the compose file that its build has to come from, if the
    user says so.
    """

    app_id: str = ""
    registry: Registry | None = None
    source: NamedSource | None = None


@dataclass(frozen=True, kw_only=True)
class Demands:
    """The whole file, or the defaults."""

    statuses: frozenset[TcbStatus] = _IN_ORDER
    minimum_evaluation_number: int = 0
    refused_advisories: frozenset[str] = frozenset()
    os_images: frozenset[OsImage] = frozenset()
    key_providers: frozenset[KeyProvider] = frozenset()
    key_services: frozenset[bytes] = frozenset()
    services: Mapping[str, ServiceDemand] = field(default_factory=dict)
    pccs_url: str = ""

    def of(self, service: Service) -> ServiceDemand:
        """What is demanded of this service."""
        return self.services.get(service.url, ServiceDemand())

    def policy(self, service: Service, *, development: bool) -> EvidencePolicy:
        """The demands as the verifier takes them. Development evidence is held against the app id alone."""
        app_id = self.of(service).app_id
        unwanted = f"not demanded in {TRUST_POLICY}"
        app = AppPolicy(app_id) if app_id else NotGiven(unwanted)
        build = NotGiven("decided by what you approve")
        if development:
            platform = TcbPolicy(allowed_statuses=_IN_ORDER, minimum_evaluation_number=0, allow_development=True)
            none = NotGiven(_ON_PROBATION)
            return EvidencePolicy(
                platform=platform, os_image=none, build=build, app=app, key_provider=none, run_signer_chain=none
            )
        return EvidencePolicy(
            platform=TcbPolicy(
                allowed_statuses=self.statuses,
                minimum_evaluation_number=self.minimum_evaluation_number,
                refused_advisories=self.refused_advisories,
            ),
            os_image=OsImagePolicy(self.os_images) if self.os_images else NotGiven(unwanted),
            build=build,
            app=app,
            key_provider=KeyProviderPolicy(self.key_providers) if self.key_providers else NotGiven(unwanted),
            run_signer_chain=KeyRootPolicy(self.key_services) if self.key_services else NotGiven(unwanted),
        )


def load(home: Path) -> Demands:
    """The demands of a home directory (StoreDamaged when its file is not wholly understood)."""
    path = home / TRUST_POLICY
    text = files.read(path)
    if text is None:
        return Demands()
    try:
        content = ROOM_V1.decode_strict(text.encode("utf-8"))
        if not isinstance(content, Mapping):
            raise ManifestError("not_object", "the file")
        return _demands(Reader(content))
    except CanonicalError as problem:
        raise _damaged(path, f"is not plain JSON: {problem}") from None
    except ManifestError as problem:
        raise _damaged(path, f"has a member that cannot be used: {problem.field} ({problem.code})") from None
    except HmctlError as problem:
        raise _damaged(path, f"cannot be used: {problem.message}") from None


def _demands(top: Reader) -> Demands:
    _only(top, "version", "tcb", "os_images", "key_providers", "key_services", "services", "pccs_url")
    if top.count("version") != _VERSION:
        raise ManifestError("unknown_version", "version")
    return Demands(
        **(_tcb(top.object("tcb")) if top.has("tcb") else {}),
        os_images=frozenset(map(_os_image, _list(top, "os_images"))),
        key_providers=frozenset(map(_key_provider, _list(top, "key_providers"))),
        key_services=_key_services(top),
        services=_services(top.object("services")) if top.has("services") else {},
        pccs_url=top.text("pccs_url") if top.has("pccs_url") else "",
    )


def _tcb(reader: Reader) -> dict[str, Any]:
    _only(reader, "allowed_statuses", "minimum_evaluation_number", "refused_advisories")
    told: dict[str, Any] = {}
    if reader.has("allowed_statuses"):
        known = {status.value: status for status in TcbStatus}
        names = reader.texts("allowed_statuses")
        if not names or not set(names) <= known.keys():
            raise ManifestError("unknown_choice", reader.field("allowed_statuses"))
        told["statuses"] = frozenset(known[name] for name in names)
    if reader.has("minimum_evaluation_number"):
        told["minimum_evaluation_number"] = reader.count("minimum_evaluation_number")
    if reader.has("refused_advisories"):
        advisories = reader.texts("refused_advisories")
        if not all(map(_ADVISORY.fullmatch, advisories)):
            raise ManifestError("not_advisory", reader.field("refused_advisories"))
        told["refused_advisories"] = frozenset(advisories)
    return told


def _os_image(reader: Reader) -> OsImage:
    _only(reader, "mr_td", "rtmr0", "rtmr1", "rtmr2", "os_image_hash")
    registers = [reader.text(name) for name in ("mr_td", "rtmr0", "rtmr1", "rtmr2")]
    if not all(map(_REGISTER.fullmatch, registers)):
        raise ManifestError("not_measurement", reader.where)
    stated = reader.sha256("os_image_hash") if reader.has("os_image_hash") else None
    return OsImage(mr_td=registers[0], rtmr0=registers[1], rtmr1=registers[2], rtmr2=registers[3], os_image_hash=stated)


def _key_provider(reader: Reader) -> KeyProvider:
    _only(reader, "kind", "id")
    kind = reader.choice("kind", [kind.value for kind in KeyProviderKind])
    try:
        return KeyProvider(KeyProviderKind(kind), unhex(reader.text("id")))
    except EncodingError:
        raise ManifestError("not_hex", reader.field("id")) from None


def _key_services(top: Reader) -> frozenset[bytes]:
    """Public keys on secp256k1, as hex of a point in its short or long form."""
    if not top.has("key_services"):
        return frozenset()
    try:
        found = frozenset(compressed(unhex(text)) for text in top.texts("key_services"))
    except (EncodingError, KeyChainBroken):
        raise ManifestError("not_public_key", top.field("key_services")) from None
    if not found:
        raise ManifestError("empty", top.field("key_services"))
    return found


def _services(reader: Reader) -> dict[str, ServiceDemand]:
    demanded: dict[str, ServiceDemand] = {}
    for address in reader.members:
        url = services.parse(address).url
        if url in demanded:
            raise ManifestError("twice", reader.field(url))
        demanded[url] = _service(reader.object(address))
    return demanded


def _service(reader: Reader) -> ServiceDemand:
    _only(reader, "app_id", "registry", "source")
    app_id = reader.text("app_id") if reader.has("app_id") else ""
    if app_id and not _APP_ID.fullmatch(app_id):
        raise ManifestError("not_app_id", reader.field("app_id"))
    return ServiceDemand(
        app_id,
        _registry(reader.object("registry")) if reader.has("registry") else None,
        _source(reader.object("source")) if reader.has("source") else None,
    )


def _registry(reader: Reader) -> Registry:
    _only(reader, "contract", "chain_id", "rpc_url")
    return registry.parse_registry(*(reader.members.get(name) for name in ("contract", "chain_id", "rpc_url")))


def _source(reader: Reader) -> NamedSource:
    _only(reader, "commit", "uri")
    named = NamedSource(TRUST_POLICY, reader.text("commit"), reader.text("uri"))
    try:
        read_source(named)
    except VerificationError:
        raise ManifestError("not_source", reader.where) from None
    return named


def _list(top: Reader, name: str) -> list[Reader]:
    if not top.has(name):
        return []
    found = top.objects(name)
    if not found:  # an allow-list that allows nothing, or a demand that was forgotten: nobody can tell
        raise ManifestError("empty", name)
    return found


def _only(reader: Reader, *names: str) -> None:
    unknown = sorted(set(reader.members) - set(names))
    if unknown:
        raise ManifestError("unknown_member", reader.field(unknown[0]))


def _damaged(path: Path, how: str) -> StoreDamaged:
    return StoreDamaged(
        f"{path} {how}", hint="Correct it. Without the file only what is always checked would be demanded."
    )
