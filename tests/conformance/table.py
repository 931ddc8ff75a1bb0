"""The table of all cases as a page of the documentation. It says what is expected; the tests say whether it is so."""

from collections.abc import Iterable

from tests.conformance.case import Case
from tests.conformance.catalogue import FAMILIES

_HEAD = """# The lying server

What a client of a room service must not fall for. `python -m tests.conformance` plays every case below against a
client command: a service that is honest but for one thing, on a real connection, with secrets made up for the case.
A case passes when the exit code is the one in the table, the machine-readable answer names the check and the code in
it, and the service saw no secret that it had no right to by then. How it works, and how to try another client, is told
in [tests/conformance/README.md](../tests/conformance/README.md).

This page is written by `python -m tests.conformance --table docs/conformance.md`; a test keeps it current.

{count} cases, {lies} of them lies.
"""
_COLUMNS = ("case", "lie", "command", "exit", "check", "code")


def render(cases: Iterable[Case]) -> str:
    """The page for these cases."""
    found = list(cases)
    lies = sum(case.family != "honest" for case in found)
    parts = [_HEAD.format(count=len(found), lies=lies)]
    for family, title in FAMILIES.items():
        rows = [_row(case) for case in found if case.family == family]
        if rows:
            parts.append("\n".join([f"## {title}", "", _line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *rows, ""]))
    return "\n".join(parts)


def _row(case: Case) -> str:
    wanted = case.expect
    name = case.name.partition("/")[2]
    return _line((f"`{name}`", case.lie, case.action.words, str(wanted.exit), wanted.check, wanted.code))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
