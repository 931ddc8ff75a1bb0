"""Which build a machine runs, from everything its quote covers: configuration id and runtime register.

The configuration id is set by the host, the runtime register by the operating system. Both agree in an honest
machine; neither means anything unless the operating system is known by its measurements.
"""

from dataclasses import dataclass
from enum import Enum

from attestation.evidence.config_identity import ConfigIdentity, config_id_digest, document_digest, read_document
from attestation.evidence.errors import ComposeHashConflict, ComposeHashUnknown
from attestation.evidence.identity import BootFacts, KeyProvider
from attestation.evidence.quote import ConfigId, ConfigIdKind, read_config_id


class ComposeSource(Enum):
    """A measured place that names the build."""

    CONFIG_ID = "configuration id"  # the id is the hash
    CONFIG_ID_DIGEST = "configuration id over build, app id and key provider"  # the id is a digest of known values
    CONFIG_DOCUMENT = "configuration document"  # the id is the digest of a document
    RUNTIME_REGISTER = "runtime register"  # an event of the boot sequence


@dataclass(frozen=True)
class ComposeHash:
    """The proven build (lowercase hex), and every source that named it."""

    value: str
    sources: tuple[ComposeSource, ...]


def prove_compose_hash(
    config_id: bytes, *, facts: BootFacts | None, identity: ConfigIdentity | None = None, document: str | None = None
) -> ComposeHash:
    """The build named by the configuration id (48 bytes of a verified report) and by the boot sequence.

    `identity` and `document` are claims that open an id of the kinds COMPOSE_AND_APP and DOCUMENT; what does
    not lead to the id is refused. Without `identity` the facts are tried in its place.

    Raises ComposeHashConflict when sources or claims disagree, ComposeHashUnknown when no source tells,
    ConfigIdMalformed for an id or a document of an unknown form.
    """
    stated = _stated(read_config_id(config_id), facts=facts, identity=identity, document=document)
    if facts is None:
        if stated is None:
            raise ComposeHashUnknown
        return ComposeHash(stated.compose_hash, (stated.source,))
    if stated is None:
        return ComposeHash(facts.compose_hash, (ComposeSource.RUNTIME_REGISTER,))
    _refuse_conflict(stated, facts)
    return ComposeHash(facts.compose_hash, (stated.source, ComposeSource.RUNTIME_REGISTER))


@dataclass(frozen=True, kw_only=True)
class _Stated:
    """What a configuration id names. None: it leaves that open."""

    source: ComposeSource
    compose_hash: str
    app_id: str | None = None
    instance_id: str | None = None
    key_provider: KeyProvider | None = None


def _stated(
    config_id: ConfigId, *, facts: BootFacts | None, identity: ConfigIdentity | None, document: str | None
) -> _Stated | None:
    """None when the configuration id is unset, or nothing is there to open it."""
    if config_id.compose_hash is not None:
        return _Stated(source=ComposeSource.CONFIG_ID, compose_hash=config_id.compose_hash)
    if config_id.kind is ConfigIdKind.COMPOSE_AND_APP:
        opened = identity or _measured_identity(facts)
        if opened is None:
            return None
        if config_id_digest(opened) != config_id.value:
            raise ComposeHashConflict
        return _Stated(source=ComposeSource.CONFIG_ID_DIGEST, **vars(opened))
    if config_id.kind is ConfigIdKind.DOCUMENT and document is not None:
        if document_digest(document) != config_id.value:
            raise ComposeHashConflict
        return _Stated(source=ComposeSource.CONFIG_DOCUMENT, **vars(read_document(document)))
    return None


def _measured_identity(facts: BootFacts | None) -> ConfigIdentity | None:
    if facts is None or facts.key_provider is None:
        return None
    return ConfigIdentity(compose_hash=facts.compose_hash, app_id=facts.app_id, key_provider=facts.key_provider)


def _refuse_conflict(stated: _Stated, facts: BootFacts) -> None:
    """Values that one side leaves open do not conflict; the build is named by both."""
    pairs = (
        (stated.compose_hash, facts.compose_hash),
        (stated.app_id, facts.app_id),
        (stated.instance_id, facts.instance_id),
        (stated.key_provider, facts.key_provider),
    )
    if any(named is not None and measured is not None and named != measured for named, measured in pairs):
        raise ComposeHashConflict
