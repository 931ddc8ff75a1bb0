"""What is tried and how it ends, as a page of the documentation: counted from the corpora themselves."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from eval.corpus import attacks
from eval.dataset.generate import generate
from tests.conformance import catalogue
from tests.hostile import archives, bridge_matrix, recipes, row_attempts, scope_escapes, sql_attempts
from tests.hostile.agent import bridge_floods, bridge_forgeries, kernel_calls, places
from tests.hostile.behaviours import BEHAVIOURS, CHANNELS
from tests.hostile.forgeries import FORGERIES

_REFUSED = {
    **dict.fromkeys(("path", "name"), "refused: paths that lead elsewhere"),
    **dict.fromkeys(("link", "hard", "dockerfile"), "refused: links"),
    **dict.fromkeys(("device", "pipe", "sparse", "contiguous", "part"), "refused: what is no plain file"),
    **dict.fromkeys(("size", "entries", "folders", "bomb", "squeezed"), "refused: sizes and bombs"),
    **dict.fromkeys(("extended", "long", "cut", "checksum", "record", "number", "time"), "refused: broken headers"),
}
_PYTEST = "./scripts/test.sh tests/hostile/"
_HEAD = """# Security: what is tried, and how it ends

Every attempt below but the last suite's is a test, against the real thing: Postgres, the locked process,
containers of the real engine, the bridge on a real socket, the client on a real connection. Who trusts whom for what is
told in the [threat model](threat-model.md).

This page is written by `python -m tests.hostile`; a test keeps it current.

## In one table

"""
_END = """
## What holds an agent, beside namespaces and limits

- **A closed list of system calls** of the service's own, also where the engine has one. Not on it: other instruction
  sets, sockets to the hypervisor (which no network namespace confines), the ring interface, tracing, mounts, keys,
  new namespaces. Sockets are unix sockets, TCP and UDP on the container's own loopback, and the question what addresses
  there are.
- **No file is open to two containers.** What all of them share, the gate's shell, can be started and not opened; on a
  file that two agents can open they could lock and watch each other. Files of an image are each container's own.
- **Before the gate opens no byte of the image runs**, whatever the image sets or puts in the gate's place.

## What is not stopped

- Two runs that work together can tell each other something by what the machine as a whole shows: load, free memory,
  page cache, time, and the numbers that the kernel counts for each user, as all agents have the number 1000 (watches
  on files, pipe buffers). It is slow and noisy; who must exclude it runs one run at a time.
- Steps of an image build run under the engine's own list of system calls, as the engine takes no other for them.
  Whether such a step can open a socket to the hypervisor depends on the engine's version; a stricter `seccomp-profile`
  in the engine's configuration closes it. Steps have no secret, nothing of another upload, and no network but what an
  operator has set for packages.
- Everything listed in [what is not defended](threat-model.md#what-is-not-defended).

## Reporting a vulnerability

What counts as one is listed at the end of the
[threat model](threat-model.md#what-counts-as-a-vulnerability). Report it to the maintainers in private, through the
private vulnerability report of the repository you got this from, or, where there is none, to the address that its owner
gives; never in a public issue, and never to a service's operator alone, who may not be the maintainer. Say which
version (`hmctl --version`, or the commit), what an attacker has and what he gets, and, if you can, add an attempt to
one of the corpora above that fails. Please try it on rooms and services of your own only.
"""


@dataclass(frozen=True)
class Suite:
    """One suite: where its attempts are, how each has to end, how it is run, and how many of which kind there are."""

    title: str
    ends: str
    command: str
    groups: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        """All attempts of the suite."""
        return sum(number for _, number in self.groups)


def suites() -> list[Suite]:
    """All of them, from the inside of a room outwards."""
    return [*_of_data(), *_of_agents(), *_of_bridge(), *_of_packages(), *_of_clients()]


def _counted(groups: Iterable[tuple[str, Iterable[object]]]) -> tuple[tuple[str, int], ...]:
    return tuple((name, sum(1 for _ in items)) for name, items in groups)


def _of_data() -> list[Suite]:
    sql = _counted(sql_attempts.ALL.items())
    scope = (*scope_escapes.LOOKING.items(), ("modules", scope_escapes.MODULES), ("plagues", scope_escapes.PLAGUES))
    rows = (*row_attempts.SAME.items(), ("refused", row_attempts.REFUSED))
    return [
        Suite(
            "SQL against the table guard",
            "an error, with the guard and again with Postgres alone; nothing changed",
            _PYTEST + "test_sql_attempts.py",
            sql,
        ),
        Suite(
            "Names that no privilege hides",
            "an error of the guard, which stands alone here and keeps no row",
            _PYTEST + "test_sql_attempts.py -k names",
            (("words and types", len(sql_attempts.WORDS)),),
        ),
        Suite(
            "SQL against row policies",
            "the answer of a table that holds only what is permitted, or a refusal",
            "./scripts/test.sh tests/runner/rowpolicies",
            _counted(rows),
        ),
        Suite(
            "Scope functions",
            "refused, denied, or the locked process is ended",
            _PYTEST + "test_scope_escapes.py",
            _counted(scope),
        ),
    ]


def _of_agents() -> list[Suite]:
    ways = [("system calls", kernel_calls.ATTEMPTS), ("files, devices and sockets", places.ATTEMPTS)]
    return [
        Suite(
            "Agents that try to get out",
            "the kernel's refusal; machine, image and layers unchanged",
            _PYTEST + "test_agents.py -k way_out",
            _counted(ways),
        ),
        Suite(
            "Agents that exhaust, stay, or talk to each other",
            "a limit is met and the stage alone is ended; nothing is left; nothing is heard",
            _PYTEST + "test_agents.py -k 'not way_out'",
            (*_counted(BEHAVIOURS.items()), ("channels between two runs", len(CHANNELS))),
        ),
        Suite(
            "Answers that imitate the pipeline",
            "the words stay the agent's, and the signed record says what happened",
            _PYTEST + "test_forged_answers.py",
            (("answers", len(FORGERIES)),),
        ),
    ]


def _of_bridge() -> list[Suite]:
    each = len(bridge_matrix.METHODS) * len(bridge_matrix.SHOWN)
    matrix = tuple((f"as {kind}", len(bridge_matrix.ENDPOINTS) * each) for kind in bridge_matrix.KINDS)
    return [
        Suite(
            "Agents that flood their bridge or lie to it",
            "answered or refused, counted outside, and no other stage waits",
            _PYTEST + "test_agents_and_bridge.py",
            _counted([("floods", bridge_floods.ATTEMPTS), ("forgeries", bridge_forgeries.ATTEMPTS)]),
        ),
        Suite(
            "Every endpoint, by role, method and token",
            "401, 404 or 405, but for the holder's own endpoints; an endpoint that is not listed fails the test",
            _PYTEST + "test_bridge_matrix.py",
            matrix,
        ),
    ]


def _of_packages() -> list[Suite]:
    kinds = Counter(_REFUSED.get(name.partition("-")[0], "refused: other forms") for name in archives.REFUSED)
    images = [("recipes", recipes.REFUSED), ("settings", recipes.HARMLESS), ("in the gate's place", recipes.PLACED)]
    return [
        Suite(
            "Uploaded packages",
            "refused as a whole and soon, or nothing but plain files comes of it",
            _PYTEST + "test_uploads.py",
            (*sorted(kinds.items(), key=lambda item: -item[1]), ("harmless", len(archives.HARMLESS))),
        ),
        Suite(
            "Recipes and images",
            "no image; or it runs as any other, with the service's own settings",
            _PYTEST + "test_images.py",
            _counted(images),
        ),
    ]


def _of_clients() -> list[Suite]:
    lies = Counter(case.family for case in catalogue.everything() if case.family != "honest")
    titles = catalogue.FAMILIES
    asked = Counter(attack.kind for attack in attacks.corpus(generate()))
    kinds = attacks.kinds()
    return [
        Suite(
            "Services that lie to a client",
            "refused by the check that is named, before a secret leaves; [each case](conformance.md)",
            "python -m tests.conformance",
            tuple((titles[family], number) for family, number in lies.items()),
        ),
        Suite(
            "Questions that want more than the room gives",
            "measured, not asserted: the report counts the leaks behind each boundary",
            "python -m eval --help",
            tuple((kinds[kind], number) for kind, number in asked.items()),
        ),
    ]


def render() -> str:
    """The page."""
    found = suites()
    parts = [_HEAD + "\n".join([_line(("suite", "attempts", "each ends as", "run it")), _line(["---"] * 4)])]
    for suite in found:
        parts[0] += "\n" + _line((suite.title, f"{suite.count:,}", suite.ends, f"`{suite.command}`"))
    parts.append("\n## By kind\n")
    for suite in found:
        rows = [_line((name, f"{number:,}")) for name, number in suite.groups]
        parts.append("\n".join([f"### {suite.title}\n", _line(("kind", "attempts")), _line(["---"] * 2), *rows, ""]))
    parts.append(_endpoints())
    return "\n".join(parts) + _END


def _endpoints() -> str:
    kinds = [name for name in bridge_matrix.KINDS if not name.endswith("-with-everything")]
    head = ["endpoint", *(kind.replace("-", " ") for kind in kinds)]
    lines = [_line(head), _line(["---"] * len(head))]
    for name, endpoint in bridge_matrix.ENDPOINTS.items():
        marks = ["yes" if name in bridge_matrix.KINDS[kind].endpoints else "" for kind in kinds]
        lines.append(_line([f"`{endpoint.method} {endpoint.route}`", *marks]))
    return "\n".join(["### Which stage has which endpoint of the bridge\n", *lines, ""])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
