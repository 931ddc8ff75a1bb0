"""The bundled folders are packages that a service can store, and the namesakes hold the same code."""

import ast
from pathlib import Path

import pytest

from tests.agents.default.scripted import AGENTS

BUNDLED = sorted(AGENTS.glob("default-*"))
EXAMPLES = sorted({path.parent for path in (AGENTS / "examples").rglob("Dockerfile")})


def test_six_agents_are_bundled() -> None:
    names = [f"default-{role}{suffix}" for role in ("mediator", "query", "scope") for suffix in ("", "-hermes")]
    assert [folder.name for folder in BUNDLED] == names


@pytest.mark.parametrize("folder", BUNDLED + EXAMPLES, ids=lambda folder: folder.name)
def test_a_folder_is_complete_and_its_image_gets_every_file_it_needs(folder: Path) -> None:
    dockerfile = (folder / "Dockerfile").read_text()
    copied = next(line for line in dockerfile.splitlines() if line.startswith("COPY")).split()[1:-1]
    needed = {path.name for path in folder.iterdir() if path.suffix in (".py", ".json")}
    assert needed <= set(copied)
    assert all((folder / name).is_file() for name in copied)
    assert dockerfile.startswith(("FROM hivemind-agent-base:latest\n", "FROM hivemind-agent-base-hermes:latest\n"))
    assert (folder / "README.md").is_file()
    assert not any(path.is_symlink() for path in folder.rglob("*"))


@pytest.mark.parametrize("role", ["scope", "query", "mediator"])
def test_the_namesake_holds_the_same_code(role: str) -> None:
    ours, theirs = (
        {p.name: p for p in (AGENTS / f"default-{role}{s}").iterdir() if p.is_file()} for s in ("", "-hermes")
    )
    assert ours.keys() == theirs.keys()
    for name in ours.keys() - {"Dockerfile", "README.md"}:
        assert ours[name].read_bytes() == theirs[name].read_bytes(), name


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
