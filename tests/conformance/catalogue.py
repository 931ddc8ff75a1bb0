"""All cases in the order of the table."""

import fnmatch
from functools import cache

from tests.conformance.case import Case, unique
from tests.conformance.cases import (
    answers,
    bindings,
    builds,
    channels,
    event_logs,
    files,
    gates,
    honest,
    identities,
    links,
    payments,
    pins,
    quotes,
    receipt_parts,
    receipts,
    registries,
    replays,
    revocations,
    room_versions,
    rooms,
    run_statements,
    statements,
)

_MODULES = (
    honest,
    quotes,
    statements,
    event_logs,
    identities,
    bindings,
    channels,
    builds,
    registries,
    gates,
    links,
    rooms,
    room_versions,
    revocations,
    answers,
    replays,
    run_statements,
    payments,
    receipts,
    receipt_parts,
    pins,
    files,
)
FAMILIES = {
    "honest": "No lie: the client has to go through with these",
    "quote": "The hardware quote",
    "statements": "The hardware maker's statements",
    "log": "What the machine started",
    "identity": "Build and keys of the machine",
    "binding": "For whom the quote speaks",
    "channel": "The way to the service",
    "build": "Which build and machine",
    "registry": "The registry that the user pinned",
    "gate": "Before every command",
    "link": "The link",
    "room": "The room's terms",
    "revocation": "The room's end",
    "answer": "The answer and its record",
    "payment": "Money",
    "receipt": "Receipts",
    "pin": "The owner's compose pins",
    "files": "The user's own files",
}


@cache
def everything() -> tuple[Case, ...]:
    """Every case."""
    return unique(case for module in _MODULES for case in module.CASES)


def chosen(pattern: str) -> tuple[Case, ...]:
    """The cases whose name is, holds or fits the pattern (as of a shell)."""
    return tuple(case for case in everything() if pattern in case.name or fnmatch.fnmatch(case.name, pattern))
