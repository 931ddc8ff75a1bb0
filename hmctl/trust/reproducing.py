"""Brings together what the walk from a service's quote to its source needs, and walks it.

Nothing is fetched before the quote is verified, and everything that is fetched is held against it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from attestation.errors import VerificationError
from attestation.evidence.bundle import NotReady
from attestation.evidence.errors import EvidenceMissing
from attestation.evidence.verifier import VerifiedEvidence
from attestation.reproduce.chain import Material, walk
from attestation.reproduce.errors import (
    AppComposeUnavailable,
    EvidenceNotVerified,
    LinkNotReached,
    RegistryRefuses,
    RegistryUndecided,
)
from attestation.reproduce.links import Chain, Found
from attestation.reproduce.source import NamedSource, SourceFile, settle_source
from hmctl import exits
from hmctl.errors import BadInput, HmctlError, TrustRefused
from hmctl.services import Service
from hmctl.trust import published, registry
from hmctl.trust.demands import ServiceDemand
from hmctl.trust.examine import Examined
from hmctl.trust.published import Publisher
from hmctl.trust.registry import Verdict

Value = TypeVar("Value")
_LARGEST_FILE: Final = 1024 * 1024
_EXITS: Final = {
    "evidence_missing": exits.NOT_READY,
    "app_compose_unavailable": exits.NO_APP_COMPOSE,
    "app_compose_differs": exits.NOT_TRUSTED,
    "source_unavailable": exits.NO_SOURCE,
    "app_compose_malformed": exits.BAD_APP_COMPOSE,
    "rendering_impossible": exits.OTHER_COMPOSE_FILE,
    "compose_file_differs": exits.OTHER_COMPOSE_FILE,
}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the user brings along; whatever is empty is looked up. `commit` and `source_url` go together."""

    source_url: str = ""
    commit: str = ""
    gateway: str = ""
    app_compose: Path | None = None
    compose_file: Path | None = None
    image_digests: Mapping[str, str] = field(default_factory=dict)
    reviewed: frozenset[str] = frozenset()


class NotReproduced(HmctlError):
    """The walk ended with a link that is partial or failed. `told` is the whole outcome for programs."""

    code = "not_reproduced"
    check = "reproduction"
    is_outcome = True

    def __init__(self, message: str, *, hint: str, exit_code: int, told: dict[str, object]) -> None:
        super().__init__(message, hint=hint, exit_code=exit_code)
        self.told = told

    def as_json(self) -> dict[str, object]:
        """The outcome document."""
        return self.told


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """One walk. `demanded` is what the user demands of this service."""

    service: Service
    given: Given
    publisher: Publisher = field(default_factory=Publisher)
    demanded: ServiceDemand = field(default_factory=ServiceDemand)

    def walk(self, examine: Callable[[], Examined | NotReady]) -> Chain:
        """Examines the service and follows its build as far as it leads (BadInput for files that cannot be read)."""
        try:
            found = examine()
        except TrustRefused as problem:
            return _stopped(problem.__cause__, problem)
        if isinstance(found, NotReady):
            return _stopped(EvidenceMissing(), None)
        return walk(found.evidence, self._material(found), needs_channel=not self.service.is_loopback)

    def _material(self, found: Examined) -> Material:
        compose = found.evidence.machine.compose
        if compose is None:
            return _nothing()
        source = _tried(lambda: settle_source(self._named(compose.value)))
        return Material(
            app_compose=_tried(lambda: self._app_compose(found, compose.value)),
            source=source,
            source_file=_tried(lambda: self._source_file(source)),
            image_digests=self.given.image_digests,
            reviewed=self.given.reviewed,
        )

    def _app_compose(self, found: Examined, compose_hash: str) -> bytes:
        if self.given.app_compose is not None:
            return _read(self.given.app_compose)
        app_id = _app_id(found.evidence) or found.bundle.app_id.lower()
        if not app_id:
            raise AppComposeUnavailable
        gateway = self.given.gateway or published.gateway_of(found.bundle.tls.pinning_url)
        return self.publisher.app_compose(app_id, gateway=gateway, compose_hash=compose_hash)

    def _named(self, compose_hash: str) -> list[NamedSource]:
        """Everybody whom the user trusts to name the source, and who does."""
        named = []
        if self.given.source_url:
            named.append(NamedSource("you", self.given.commit, self.given.source_url))
        if self.demanded.source is not None:
            named.append(self.demanded.source)
        pinned = self.demanded.registry
        if pinned is not None:
            answer = registry.lookup(pinned, compose_hash)
            told = {"registry": f"{pinned.contract} on chain {pinned.chain_id}", "answer": answer.reason}
            if answer.verdict is Verdict.REFUSED:
                raise RegistryRefuses(details=told)
            if answer.verdict is Verdict.APPROVED:
                named.append(NamedSource("the registry", answer.commit, answer.uri))
            elif not named:
                raise RegistryUndecided(details=told)
        return named

    def _source_file(self, source: tuple[SourceFile, Found] | VerificationError) -> bytes:
        if self.given.compose_file is not None:
            return _read(self.given.compose_file)
        if isinstance(source, VerificationError):
            raise LinkNotReached
        return self.publisher.source_file(source[0])


def exit_code_of(chain: Chain) -> int:
    """0 for a chain that is verified as a whole, the code of its first problem otherwise."""
    problem = chain.first_problem
    if problem is None:
        return exits.OK
    usual = exits.NOT_TRUSTED if problem is chain.links[0] else exits.FAILED
    return _EXITS.get(problem.code, usual)


def _stopped(cause: object, refusal: TrustRefused | None) -> Chain:
    """The chain of a service whose evidence gives no start."""
    if not isinstance(cause, VerificationError):
        cause = EvidenceNotVerified(refusal.message if refusal else "")
    return walk(cause, _nothing())


def _nothing() -> Material:
    return Material(app_compose=LinkNotReached(), source=LinkNotReached(), source_file=LinkNotReached())


def _app_id(evidence: VerifiedEvidence) -> str:
    return evidence.machine.facts.app_id if evidence.machine.facts else ""


def _tried(step: Callable[[], Value]) -> Value | VerificationError:
    try:
        return step()
    except VerificationError as problem:
        return problem


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as problem:
        raise BadInput(f"cannot read {path}: {problem.strerror}") from None
    if len(content) > _LARGEST_FILE:
        raise BadInput(f"{path} is larger than {_LARGEST_FILE // 1024**2} MiB")
    return content
