"""Files that look like somebody's secret: they do not leave this machine by accident.

An agent gets nothing by carrying one: it has no network, and what is in its package stays readable there for as long as
it is kept. So such files are refused by name and by what they begin with, unless the user says that they belong to it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from attestation.digests import SourceFile
from hmctl.errors import BadInput

FLAG: Final = "--allow-secrets"
_LARGEST_LOOKED_INTO: Final = 1024 * 1024
_NAMES: Final = (
    (".env", "settings with secrets"),
    (".env.*", "settings with secrets"),
    ("*.env", "settings with secrets"),
    (".netrc", "passwords"),
    ("_netrc", "passwords"),
    (".pgpass", "passwords"),
    (".htpasswd", "passwords"),
    (".git-credentials", "passwords"),
    (".pypirc", "a registry's password"),
    ("id_rsa", "a private key"),
    ("id_dsa", "a private key"),
    ("id_ecdsa", "a private key"),
    ("id_ed25519", "a private key"),
    ("*.key", "a private key"),
    ("*.p12", "a private key"),
    ("*.pfx", "a private key"),
    ("*.jks", "a private key"),
    ("*.keystore", "a private key"),
    ("*.kdbx", "passwords"),
    (".aws/credentials", "a cloud account's key"),
    (".docker/config.json", "a registry's password"),
    (".kube/config", "a cluster's key"),
)
_HARMLESS: Final = (".env.example", ".env.sample", ".env.template", ".env.dist")
_CONTENTS: Final = (
    (re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"), "a private key"),
    (re.compile(rb"\bhm(?:k|q|s|p|cc)_[A-Za-z0-9_-]{43}"), "a key or token of Hivemind"),
    (re.compile(rb"\bsk-(?:ant-|or-v1-|proj-)[A-Za-z0-9_-]{24,}"), "a model service's key"),
    (re.compile(rb"\bAKIA[0-9A-Z]{16}\b"), "a cloud account's key"),
    (re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36}\b"), "a GitHub token"),
    (re.compile(rb"(?m)^//[^\s=]+:_authToken=\S{8,}"), "a registry's token"),
)


@dataclass(frozen=True)
class Suspect:
    """A file and what it seems to be."""

    path: str
    seems: str


def find(files: Iterable[SourceFile]) -> list[Suspect]:
    """The files that look like secrets, in their order."""
    found = ((file.path, _by_name(file.path) or _by_content(file.content)) for file in files)
    return [Suspect(path, seems) for path, seems in found if seems]


def refuse(files: Iterable[SourceFile]) -> None:
    """Raise BadInput when there are such files, with their names and never a byte of them."""
    suspects = find(files)
    if not suspects:
        return
    shown = ", ".join(f"{suspect.path} ({suspect.seems})" for suspect in suspects[:6])
    more = f" and {len(suspects) - 6} more" if len(suspects) > 6 else ""
    raise BadInput(
        f"the package holds what looks like secrets: {shown}{more}",
        hint=f"List them in .dockerignore or .hmignore, or repeat with {FLAG} if they belong to the agent.",
    )


def _by_name(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    if name in _HARMLESS:
        return ""
    for pattern, seems in _NAMES:
        whole = f"/{path.lower()}".endswith(f"/{pattern}") if "/" in pattern else fnmatchcase(name, pattern)
        if whole:
            return seems
    return ""


def _by_content(content: bytes) -> str:
    if len(content) > _LARGEST_LOOKED_INTO:
        return ""
    return next((seems for pattern, seems in _CONTENTS if pattern.search(content)), "")
