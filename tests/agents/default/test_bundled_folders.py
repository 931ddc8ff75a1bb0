"""The bundled folders are packages that a service can store, and a namesake's folder holds what differs."""

import ast
from pathlib import Path

import pytest

from agents.defaults import bundled_files
from agents.packages.folder import FolderUnusable
from attestation.digests import SourceFile
from tests.agents.default.scripted import AGENTS

ROLES = ("mediator", "query", "scope")
BUNDLED = [f"default-{role}{suffix}" for role in ROLES for suffix in ("", "-hermes")]
EXAMPLES = sorted(str(path.parent.relative_to(AGENTS)) for path in (AGENTS / "examples").rglob("Dockerfile"))


def test_six_agents_are_bundled() -> None:
    assert sorted(folder.name for folder in AGENTS.glob("default-*")) == BUNDLED


@pytest.mark.parametrize("name", BUNDLED + EXAMPLES)
def test_a_package_is_complete_and_its_image_gets_every_file_it_needs(name: str) -> None:
    files = {file.path: file.content.decode() for file in bundled_files(AGENTS, name)}
    dockerfile = files["Dockerfile"]
    copied = next(line for line in dockerfile.splitlines() if line.startswith("COPY")).split()[1:-1]
    needed = {path for path in files if path.endswith((".py", ".json"))}
    assert needed <= set(copied) <= files.keys()
    base = "hivemind-agent-base-hermes" if name.endswith("-hermes") else "hivemind-agent-base"
    assert dockerfile.startswith(f"FROM {base}:latest\n")
    assert "README.md" in files


@pytest.mark.parametrize("role", ROLES)
def test_what_starts_from_the_second_base_is_its_namesake_in_all_else(role: str) -> None:
    plain, hermes = (bundled_files(AGENTS, f"default-{role}{suffix}") for suffix in ("", "-hermes"))
    own = {path.name for path in (AGENTS / f"default-{role}-hermes").iterdir()}
    assert [file for file in plain if file.path not in own] == [file for file in hermes if file.path not in own]
    swapped, from_second = (_dockerfile(files).splitlines() for files in (plain, hermes))
    assert swapped[1:] == from_second[1:]


def test_a_namesake_of_nobody_is_a_package_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "default-query-hermes").mkdir()
    (tmp_path / "default-query-hermes" / "Dockerfile").write_text("FROM elsewhere\n")
    assert [file.path for file in bundled_files(tmp_path, "default-query-hermes")] == ["Dockerfile"]


def test_a_namesake_without_a_dockerfile_does_not_borrow_one(tmp_path: Path) -> None:
    for name in ("default-query", "default-query-hermes"):
        (tmp_path / name).mkdir()
    (tmp_path / "default-query" / "Dockerfile").write_text("FROM hivemind-agent-base:latest\n")
    with pytest.raises(FolderUnusable, match="no Dockerfile"):
        bundled_files(tmp_path, "default-query-hermes")


def _dockerfile(files: list[SourceFile]) -> str:
    return next(file.content.decode() for file in files if file.path == "Dockerfile")


@pytest.mark.parametrize("path", sorted((AGENTS / "sdk").rglob("*.py")), ids=lambda path: path.stem)
def test_the_helper_package_needs_nothing_but_python(path: Path) -> None:
    import sys

    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.append(str(node.module))
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names | {"hivemind_agent"}, name
