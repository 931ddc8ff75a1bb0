"""The repository as a stranger clones it: complete migrations, no addresses of one machine, documents that resolve."""

import re
import subprocess
from pathlib import Path

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.architecture.sources import ROOT, tracked_files

# Written apart, so that this file does not find itself.
REGISTRIES = (
    "--index" + "-url",
    "pypi" + r"\.org",
    "python" + "hosted",
    "registry" + r"\.npmjs",
    "proxy" + r"\.golang",
)
PLACES = ("/ho" + r"me/(?!agent\b)[a-z]+/", "/Us" + "ers/[a-z]+/", re.escape(f"{ROOT}/"))
ELSEWHERE = re.compile("|".join([*REGISTRIES, *PLACES]))
DOCUMENTS = [name for name in tracked_files() if name.endswith(".md")]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="ignore")


def test_no_file_names_one_machine_or_a_package_registry() -> None:
    found = [
        f"{name}: {match.group()}"
        for name in tracked_files()
        if not name.startswith("tests/vectors/")
        for match in [ELSEWHERE.search(text_of(name))]
        if match
    ]
    assert found == []


def test_nothing_that_belongs_to_one_machine_is_tracked() -> None:
    kinds = (".pyc", ".log", ".sqlite3", ".pem", ".key", ".env")
    assert [name for name in tracked_files() if name.endswith(kinds) or name.startswith(("var/", ".venv/"))] == []


def test_the_models_have_no_change_without_a_migration() -> None:
    loader = MigrationLoader(None)
    changes = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(graph=loader.graph)
    assert changes == {}


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name in DOCUMENTS
        for target in LINK.findall(text_of(name))
        if not (ROOT / Path(name).parent / target).exists()
    ]
    assert broken == []


def test_the_numbers_of_the_decisions_are_unique() -> None:
    numbers = [Path(name).name[:4] for name in DOCUMENTS if name.startswith("docs/adr/0")]
    assert len(numbers) == len(set(numbers))


def test_every_script_is_executable_and_reads_as_shell() -> None:
    scripts = [name for name in tracked_files() if name.endswith(".sh") or name == ".ci/run"]
    assert len(scripts) >= 5
    for name in scripts:
        assert (ROOT / name).stat().st_mode & 0o100, name
        assert subprocess.run(["bash", "-n", ROOT / name], check=False).returncode == 0, name
