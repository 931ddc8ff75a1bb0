"""The page of the errors, from the classes that the program raises."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

import agents
import attestation
import billing
import hivemind
import rooms
import runner
import tenants
from attestation.errors import VerificationError
from hivemind.kit.api.exceptions import STATUS
from hivemind.kit.errors import DomainError

PACKAGES: tuple[ModuleType, ...] = (agents, attestation, billing, hivemind, rooms, runner, tenants)
UNSAID = DomainError.sentence
ErrorT = TypeVar("ErrorT", bound=Exception)

HEAD = """# Errors

Every refusal of the API is `{"detail": ..., "code": ...}`. `code` never changes; `detail` is a sentence for people and
may be more precise than the one given here. With status 422, `detail` is a list with one object per fault:
`{"type", "loc", "msg", "input"}`.
"""
KERNEL = """## Checks

What the shared verification code says about a document. The service answers 409 when one that it stored does not pass;
`hmctl` uses the same codes.

| code | sentence |
| --- | --- |
"""


def page() -> str:
    """The whole page as Markdown."""
    _import_everything()
    rows = sorted({(_status(kind), kind.code, _sentence(kind)) for kind in _ours(DomainError)})
    table = "\n".join(f"| {status} | `{code}` | {sentence} |" for status, code, sentence in rows)
    kinds: list[type[VerificationError]] = [VerificationError, *_ours(VerificationError)]
    checks = sorted({(kind.code, kind.sentence) for kind in kinds})
    listed = "\n".join(f"| `{code}` | {sentence} |" for code, sentence in checks)
    return f"{HEAD}\n## Refusals\n\n| status | code | sentence |\n| --- | --- | --- |\n{table}\n\n{KERNEL}{listed}\n"


def _import_everything() -> None:
    """Import every module that may declare an error: the `errors` modules, and what the routes pull in."""
    importlib.import_module("hivemind.urls")
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith(".errors"):
                importlib.import_module(found.name)


def _ours(root: type[ErrorT]) -> Iterator[type[ErrorT]]:
    """Every class below `root` that the product declares."""
    names = tuple(f"{package.__name__}." for package in PACKAGES)
    for kind in root.__subclasses__():
        if kind.__module__.startswith(names):
            yield kind
        yield from _ours(kind)


def _status(kind: type[DomainError]) -> int:
    return next((status for family, status in STATUS if issubclass(kind, family)), 400)


def _sentence(kind: type[DomainError]) -> str:
    """Its sentence; the first line of its docstring where each case says its own."""
    return kind.sentence if kind.sentence != UNSAID else (kind.__doc__ or "").strip().splitlines()[0]
