"""What the documents tell people to type, to follow and to look at exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from django.core.management import get_commands

from hmctl.cli import root

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def texts(document: Path) -> Iterator[str]:
    """Everything in a document that is set as code, continued lines joined."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for fenced in re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield from fenced.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def words(line: str) -> list[str]:
    """A command line's words; of a line that is no complete one, what stands between blanks."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def typed(program: str) -> list[tuple[str, list[str]]]:
    """Each use of a program: where, and the words behind its name."""
    found = []
    for document in DOCUMENTS:
        for line in texts(document):
            parts = words(line)
            if parts and Path(parts[0]).name == program:
                found.append((document.name, parts[1:]))
    return found


@pytest.mark.parametrize(("document", "arguments"), typed("hmctl"))
def test_a_command_of_the_client_exists_with_its_options(document: str, arguments: list[str]) -> None:
    command: click.Command = root
    with click.Context(root) as context:
        known = _options(root)
        rest = iter(arguments)
        for word in rest:
            if word.startswith("-") and word != "-":
                assert word.split("=")[0] in known, f"{document}: hmctl has no {word}"
                if known[word.split("=")[0]] and "=" not in word:
                    next(rest, "")
            elif isinstance(command, click.Group):
                inner = command.get_command(context, word)
                assert inner is not None, f"{document}: hmctl has no command {word}"
                command, known = inner, {**known, **_options(inner)}


def _options(command: click.Command) -> dict[str, bool]:
    """The options of a command, each with whether a value follows it."""
    options = [param for param in command.params if isinstance(param, click.Option)]
    named = {name: not option.is_flag for option in options for name in [*option.opts, *option.secondary_opts]}
    return {**named, "--help": False}


def test_management_commands_exist() -> None:
    told = {arguments[0] for _, arguments in [*typed("manage.py"), *typed("manage")] if arguments}
    assert {"up", "migrate", "create_tenant"} <= told
    assert told <= set(get_commands())


def test_scripts_exist() -> None:
    scripts = {word for d in DOCUMENTS for line in texts(d) for word in words(line) if word.startswith("./scripts/")}
    assert scripts
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def test_settings_that_are_spoken_of_exist() -> None:
    reference = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    spoken = {n for d in DOCUMENTS for n in re.findall(r"\bHIVEMIND_[A-Z_]+[A-Z]\b", d.read_text(encoding="utf-8"))}
    assert spoken
    stages = [path.read_text(encoding="utf-8") for path in (ROOT / "runner" / "stages").glob("*.py")]
    inside = {name for text in stages for name in re.findall(r"\"(HIVEMIND_[A-Z_]+)\"", text)}  # an agent's container
    client = set(re.findall(r"\"(HIVEMIND_[A-Z_]+)\"", (ROOT / "hmctl/settings.py").read_text(encoding="utf-8")))
    assert len(client) >= 10
    assert [n for n in spoken - inside - client if f"`{n.removesuffix('_FILE')}`" not in reference] == []


def test_recipes_of_the_justfile_name_what_exists() -> None:
    text = (ROOT / "justfile").read_text(encoding="utf-8")
    files = re.findall(r"(\./[\w./-]+|bench/\w+\.py|manage\.py)", text)
    assert len(files) >= 5
    assert [name for name in files if not (ROOT / name).is_file()] == []
    assert set(re.findall(r"manage\.py (\w+)", text)) <= set(get_commands())


def test_every_picture_exists_and_is_shown() -> None:
    shown = {path for d in DOCUMENTS for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", d.read_text(encoding="utf-8"))}
    assert len(shown) >= 20
    assert shown == {f"pictures/{path.name}" for path in (ROOT / "docs/pictures").iterdir()}


def test_every_picture_can_be_taken_again() -> None:
    album = (ROOT / "tests/pictures/album.py").read_text(encoding="utf-8")
    taken = re.findall(r'camera\.take(?:_elsewhere)?\("([\w-]+)"', album)
    assert sorted(taken) == sorted(path.stem for path in (ROOT / "docs/pictures").iterdir())


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs/pictures").iterdir()}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}
    assert sum(sizes.values()) <= 2_500_000


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"(?<!!)\[[^\]]+\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text):
            there = document.parent / target if target else document
            assert there.exists(), f"{document.name}: {target}"
            if anchor:
                assert anchor in _anchors(there), f"{document.name}: {target}#{anchor}"


def _anchors(document: Path) -> set[str]:
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
