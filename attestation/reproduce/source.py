"""Where a build's compose file comes from: a commit and the address of a file at that commit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from attestation.reproduce.errors import (
    CommitAbbreviated,
    CommitDiffers,
    SourceContradicted,
    SourceElsewhere,
    SourceMalformed,
    SourceUnnamed,
)
from attestation.reproduce.links import Found
from attestation.reproduce.rendering import Rewriting, read_rewriting

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHORT_COMMIT: Final = re.compile(r"[0-9a-f]{7,39}")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LONGEST_ADDRESS: Final = 2048
_REWRITINGS: Final = frozenset({"core_image", "image_sha"})


@dataclass(frozen=True)
class NamedSource:
    """A commit and an address as somebody wrote them down; `by` says who, for people."""

    by: str
    commit: str
    uri: str


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file at one commit of one repository on GitHub, and how its text becomes the compose file."""

    owner: str
    repository: str
    commit: str
    path: str
    rewriting: Rewriting | None

    @property
    def short(self) -> str:
        """For people."""
        return f"{self.owner}/{self.repository}@{self.commit}:{self.path}"

    @property
    def raw_path(self) -> str:
        """The path under GitHub's host for raw files."""
        return f"/{self.owner}/{self.repository}/{self.commit}/{self.path}"


def settle_source(named: Sequence[NamedSource]) -> tuple[SourceFile, Found]:
    """The one source that all of them name.

    Raises SourceUnnamed without any, SourceContradicted when they differ, and what `read_source` raises.
    """
    if not named:
        raise SourceUnnamed
    read = [read_source(item) for item in named]
    if any(other != read[0] for other in read):
        raise SourceContradicted(details={item.by: f"{item.commit} {item.uri}" for item in named})
    source = read[0]
    evidence = {"commit": source.commit, "file": source.short, "named by": ", ".join(item.by for item in named)}
    if source.rewriting:
        evidence["rewriting"] = str(source.rewriting)
    return source, Found("The build's source is named: one file at one commit.", evidence)


def read_source(named: NamedSource) -> SourceFile:
    """Reads a GitHub address of a file, whose ref must be the commit itself.

    Raises SourceMalformed, SourceElsewhere, CommitDiffers or CommitAbbreviated.
    """
    seen = {"commit": named.commit[:80], "address": named.uri[:_LONGEST_ADDRESS], "named by": named.by}
    if not _COMMIT.fullmatch(named.commit) or len(named.uri) > _LONGEST_ADDRESS:
        raise SourceMalformed(details=seen)
    address, _, query = named.uri.partition("?")
    owner, repository, ref, *path = _parts(address, seen)
    if any(not _NAME.fullmatch(part) or part in (".", "..") for part in (owner, repository, ref, *path)):
        raise SourceMalformed(details=seen)
    if ref != named.commit:
        short = _SHORT_COMMIT.fullmatch(ref) and named.commit.startswith(ref)
        raise (CommitAbbreviated if short else CommitDiffers)(details=seen)
    rewriting = _rewriting(query, seen) if "?" in named.uri else None
    return SourceFile(owner=owner, repository=repository, commit=named.commit, path="/".join(path), rewriting=rewriting)


def _parts(address: str, seen: dict[str, str]) -> list[str]:
    """Owner, repository, ref and the parts of the path."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise SourceMalformed(details=seen) from error
    pieces = parts.path.split("/")[1:]
    if parts.scheme != "https" or parts.fragment:
        raise SourceElsewhere(details=seen)
    if parts.netloc == "github.com" and len(pieces) >= 5 and pieces[2] == "blob":
        return pieces[:2] + pieces[3:]
    if parts.netloc == "raw.githubusercontent.com" and len(pieces) >= 4:
        return pieces
    raise SourceElsewhere(details=seen)


def _rewriting(query: str, seen: dict[str, str]) -> Rewriting:
    """The one rewriting that the query asks for; anything else might mean another text."""
    name, equals, value = query.partition("=")
    if name not in _REWRITINGS or not equals or "&" in value:
        raise SourceMalformed(details=seen)
    return read_rewriting(name, unquote(value), details=seen)
