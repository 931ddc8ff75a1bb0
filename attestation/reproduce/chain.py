"""The walk from a verified quote to the images, link by link. Nothing is taken from the service's own claims."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from attestation.errors import VerificationError
from attestation.evidence.verifier import VerifiedEvidence
from attestation.reproduce import links
from attestation.reproduce.app_compose import AppCompose, check_app_compose, check_launch
from attestation.reproduce.compose_file import read_compose_file
from attestation.reproduce.errors import (
    BuildUnproven,
    ComposeFileDiffers,
    EvidenceIncomplete,
    EvidenceIsDevelopment,
    LinkNotReached,
)
from attestation.reproduce.image_names import ImageName
from attestation.reproduce.images import check_images, compare_digests
from attestation.reproduce.links import Chain, Found, Link
from attestation.reproduce.rendering import render
from attestation.reproduce.source import SourceFile

# Without these the proven build is a stranger's word, somebody else's, or yesterday's.
_NEEDED: Final = ("platform policy", "os image", "nonce")
_CHANNEL: Final = "tls channel"
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Material:
    """What was brought together for the walk; an error in a place is the reason why nothing is there.

    `image_digests` are digests by repository that somebody knows, `reviewed` the SHA-256 of launch settings that
    the user has read.
    """

    app_compose: bytes | VerificationError
    source: tuple[SourceFile, Found] | VerificationError
    source_file: bytes | VerificationError
    image_digests: Mapping[str, str] = field(default_factory=dict)
    reviewed: Collection[str] = frozenset()


def walk(evidence: VerifiedEvidence | VerificationError, material: Material, *, needs_channel: bool = True) -> Chain:
    """Checks every link that can be reached. Raises nothing: what does not hold is said in its link.

    `needs_channel` is False only for a service on this machine, whose connection nobody is in between of.
    """
    chain = _Walk()
    chain.add(links.QUOTE, lambda: _quote(evidence, (*_NEEDED, _CHANNEL) if needs_channel else _NEEDED))
    app = chain.read(links.APP_COMPOSE, lambda: _app_compose(evidence, material))
    chain.add(links.LAUNCH, lambda: check_launch(_reached(app), reviewed=material.reviewed))
    source = chain.read(links.SOURCE, lambda: _given(material.source))
    chain.add(links.COMPOSE_FILE, lambda: _compose_file(app, source, material))
    images = chain.read(links.IMAGES, lambda: _images(app))
    if material.image_digests:
        chain.add(links.IMAGE_DIGESTS, lambda: compare_digests(_reached(images), known=material.image_digests))
    return Chain(tuple(chain.links))


class _Walk:
    """Collects links; a step that raises leaves a broken one and no value."""

    def __init__(self) -> None:
        self.links: list[Link] = []

    def add(self, name: str, step: Callable[[], Found]) -> None:
        self.read(name, lambda: (None, step()))

    def read(self, name: str, step: Callable[[], tuple[Value, Found]]) -> Value | None:
        try:
            value, found = step()
        except VerificationError as problem:
            self.links.append(links.broken(name, problem))
            return None
        self.links.append(links.made(name, found))
        return value


def _quote(evidence: VerifiedEvidence | VerificationError, needed: Collection[str]) -> Found:
    proven = _given(evidence)
    compose, quote = proven.machine.compose, proven.machine.quote
    details = {"tcb status": quote.tcb_status.value, "verified at": str(quote.at)}
    if compose is None:
        raise BuildUnproven(details=details)
    details |= {"build": compose.value, "named by": ", ".join(source.value for source in compose.sources)}
    if proven.development:
        raise EvidenceIsDevelopment(details=details)
    details |= {"not checked": ", ".join(proven.not_checked)} if proven.not_checked else {}
    missing = [name for name in needed if name in proven.not_checked]
    if missing:
        raise EvidenceIncomplete(details=details | {"missing": ", ".join(missing)})
    return Found("The quote is genuine, fresh and the answer to this very request, and names the build.", details)


def _app_compose(evidence: VerifiedEvidence | VerificationError, material: Material) -> tuple[AppCompose, Found]:
    if isinstance(evidence, VerificationError) or evidence.machine.compose is None:
        raise LinkNotReached
    return check_app_compose(_given(material.app_compose), compose_hash=evidence.machine.compose.value)


def _compose_file(app: AppCompose | None, source: SourceFile | None, material: Material) -> Found:
    running, named = _reached(app), _reached(source)
    rendered = render(_given(material.source_file), named.rewriting)
    if rendered != running.compose_file:
        raise ComposeFileDiffers(details=_difference(rendered, running.compose_file))
    changed = f", after setting the {named.rewriting}" if named.rewriting else ""
    return Found(f"The file at the commit is the compose file of the build, byte for byte{changed}.")


def _images(app: AppCompose | None) -> tuple[tuple[ImageName, ...], Found]:
    return check_images(read_compose_file(_reached(app).compose_file))


def _difference(rendered: bytes, running: bytes) -> dict[str, str]:
    """Where two texts part: the first line that is not the same."""
    ours, theirs = rendered.split(b"\n"), running.split(b"\n")
    same = next((index for index, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    line = min(len(ours), len(theirs)) if same is None else same
    sides = {"at the commit": ours, "running": theirs}
    shown = {name: _shown(lines[line]) for name, lines in sides.items() if line < len(lines)}
    return {"first difference": f"line {line + 1}"} | shown


def _shown(line: bytes) -> str:
    return line[:200].decode("utf-8", "replace")


def _given(value: Value | VerificationError) -> Value:
    if isinstance(value, VerificationError):
        raise value
    return value


def _reached(value: Value | None) -> Value:
    if value is None:
        raise LinkNotReached
    return value
