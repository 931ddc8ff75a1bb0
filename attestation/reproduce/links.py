"""A chain of named links, each with its outcome, a sentence about it and what shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from attestation.errors import CouldNotCheck, VerificationError

QUOTE: Final = "quote"
APP_COMPOSE: Final = "app compose"
LAUNCH: Final = "launch settings"
SOURCE: Final = "source"
COMPOSE_FILE: Final = "compose file"
IMAGES: Final = "images"
IMAGE_DIGESTS: Final = "image digests"


class LinkOutcome(Enum):
    """What became of a link. Only VERIFIED carries weight."""

    VERIFIED = "verified"
    PARTIAL = "partial"  # something could not be checked, so nothing is shown
    FAILED = "failed"  # it was checked, and does not hold


@dataclass(frozen=True)
class Link:
    """One link. `code` is empty for a verified one, and stable otherwise; `evidence` is by subject, for people."""

    name: str
    outcome: LinkOutcome
    sentence: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Found:
    """What a step that succeeded has to say."""

    sentence: str
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """The links in their order, from the quote to the images."""

    links: tuple[Link, ...]

    @property
    def outcome(self) -> LinkOutcome:
        """Verified when every single link is; failed when any is."""
        outcomes = {link.outcome for link in self.links}
        if LinkOutcome.FAILED in outcomes:
            return LinkOutcome.FAILED
        return LinkOutcome.VERIFIED if outcomes == {LinkOutcome.VERIFIED} else LinkOutcome.PARTIAL

    @property
    def first_problem(self) -> Link | None:
        """The first failed link, else the first partial one."""
        failed = [link for link in self.links if link.outcome is LinkOutcome.FAILED]
        return next(iter([*failed, *(link for link in self.links if link.outcome is not LinkOutcome.VERIFIED)]), None)


def made(name: str, found: Found) -> Link:
    """The link that a step established."""
    return Link(name, LinkOutcome.VERIFIED, found.sentence, found.evidence)


def broken(name: str, problem: VerificationError) -> Link:
    """The link that a step could not establish: partial if it could not be checked, failed otherwise."""
    outcome = LinkOutcome.PARTIAL if isinstance(problem, CouldNotCheck) else LinkOutcome.FAILED
    details = getattr(problem, "details", {})
    return Link(name, outcome, str(problem), details, code=problem.code, remedy=problem.remedy)
