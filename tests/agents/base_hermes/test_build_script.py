"""How the second base image is made: what is tried, what is left out and said, and when nothing is done at all.

The engine and pip are programs of the test; the script is the real one.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.agents.default.scripted import AGENTS

BASE = "hivemind-agent-base:latest"
NAME = "hivemind-agent-base-hermes:latest"
HASH = "com.hivemind.agentbase-hermes.recipe-hash"
LEFT_OUT = "com.hivemind.agentbase-hermes.left-out"

DOCKER = """
import json, os, pathlib, re, sys
kept = pathlib.Path(os.environ["STATE"]) / "images.json"
images = json.loads(kept.read_text())
words = sys.argv[1:]
if words[:2] in (["image", "inspect"], ["pull", "--quiet"]):
    image = images.get(words[-1])
    if image is None:
        sys.exit(1)
    label = re.search('Labels "(.+)"', " ".join(words))
    print(image["labels"].get(label[1], "") if label else image["id"])
if words[0] == "run" and "version_info" in words[-1]:
    print("3.13")
if words[0] == "run" and "run_agent" in words[-1] and os.environ.get("BROKEN"):
    sys.exit(1)
if words[0] == "build":
    labels = dict(word.split("=", 1) for word in words if word.startswith("com.hivemind."))
    folder = pathlib.Path(words[-1])
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    made = {"id": f"built-{len(images)}", "labels": labels, "files": files, "words": words}
    images[words[words.index("--tag") + 1]] = made
if words[0] == "tag":
    images[words[2]] = images[words[1]]
kept.write_text(json.dumps(images))
"""
PIP = """
import os, pathlib, sys
if "--version" in sys.argv:
    sys.exit(0)
state = pathlib.Path(os.environ["STATE"])
(state / "pip.txt").write_text("\\n".join(sys.argv))
wanted = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
(wanted / "bin").mkdir(parents=True)
(wanted / "bin" / "hermes").touch()
(wanted / "run_agent.py").touch()
sys.exit(1 if os.environ.get("NO_INDEX") else 0)
"""


@dataclass
class Machine:
    """A copy of the recipe, and programs that stand for the machine's."""

    folder: Path

    def build(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        env = {"PATH": path, "STATE": str(self.folder), "HOME": str(self.folder)} | settings
        script = self.folder / "agents" / "base-hermes" / "build.sh"
        return subprocess.run([script, *words], env=env, capture_output=True, text=True, timeout=60, check=False)

    @property
    def images(self) -> dict[str, dict[str, Any]]:
        """What the engine has, by name."""
        return dict(json.loads((self.folder / "images.json").read_text()))

    def keep(self, **images: Any) -> None:
        """Have the engine know these too."""
        (self.folder / "images.json").write_text(json.dumps(self.images | images))


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for part in ("base-hermes", "sdk"):
        shutil.copytree(AGENTS / part, tmp_path / "agents" / part)
    program(tmp_path / "bin" / "docker", DOCKER)
    program(tmp_path / ".venv" / "bin" / "python", PIP)
    (tmp_path / "images.json").write_text(json.dumps({BASE: {"id": "base-1", "labels": {}}}))
    return Machine(tmp_path)


def test_hermes_is_laid_over_the_base_with_the_plugin_and_its_own_copy_of_the_sdk(machine: Machine) -> None:
    assert f"made {NAME}" in machine.build().stdout
    made = machine.images[NAME]
    assert made["labels"][LEFT_OUT] == ""
    assert f"BASE={BASE}" in made["words"] and "none" in made["words"]
    files = set(made["files"])
    assert {"hermes/run_agent.py", "plugins/hivemind/plugin.yaml", "plugins/hivemind/sdk/toolbox.py"} <= files
    assert not any(path.startswith("hermes/bin/") or "__pycache__" in path for path in files)
    pip = (machine.folder / "pip.txt").read_text().split("\n")
    assert {"--require-hashes", "--only-binary=:all:", "--no-deps"} < set(pip)
    assert pip[pip.index("--python-version") + 1] == "3.13"


def test_what_is_unchanged_is_left_alone_until_it_is_forced(machine: Machine) -> None:
    machine.build()
    first = machine.images[NAME]["id"]
    assert "is up to date" in machine.build().stdout
    assert machine.images[NAME]["id"] == first
    assert f"made {NAME}" in machine.build("--force").stdout
    assert machine.images[NAME]["id"] != first


@pytest.mark.parametrize("changed", ["base", "plugin", "lock"])
def test_another_base_or_recipe_makes_it_anew(machine: Machine, changed: str) -> None:
    machine.build()
    before = machine.images[NAME]["labels"][HASH]
    here = machine.folder / "agents" / "base-hermes"
    if changed == "base":
        machine.keep(**{BASE: {"id": "base-2", "labels": {}}})
    if changed == "plugin":
        (here / "plugins" / "hivemind" / "more.py").write_text("x = 1\n")
    if changed == "lock":
        (here / "vendor.lock").write_text("other==1\n")
    assert f"made {NAME}" in machine.build().stdout
    assert machine.images[NAME]["labels"][HASH] != before


@pytest.mark.parametrize("settings", [{"NO_INDEX": "1"}, {"AGENT_BASE_VENDOR": "no"}, {"BROKEN": "1"}])
def test_what_cannot_be_had_or_is_not_wanted_is_left_out_and_said(machine: Machine, settings: dict[str, str]) -> None:
    told = machine.build(**settings).stdout
    assert "without Hermes Agent" in told and f"made {NAME}" in told
    made = machine.images[NAME]
    assert (made["labels"][LEFT_OUT], made["files"]) == ("hermes-agent", ["Dockerfile"])
    again = machine.build(**settings).stdout
    assert "is up to date" in again and "without hermes-agent" in again
    machine.build("--force")
    assert machine.images[NAME]["labels"][LEFT_OUT] == ""


def test_an_image_of_somebody_takes_the_name(machine: Machine) -> None:
    machine.keep(**{"theirs:1": {"id": "theirs", "labels": {}}})
    assert machine.build(HIVEMIND_AGENT_BASE_HERMES_IMAGE="theirs:1").returncode == 0
    assert machine.images[NAME]["id"] == "theirs"
    gone = machine.build(HIVEMIND_AGENT_BASE_HERMES_IMAGE="gone:1")
    assert (gone.returncode, "gone:1 cannot be had" in gone.stderr) == (1, True)


def test_without_a_base_it_says_what_to_do(machine: Machine) -> None:
    (machine.folder / "images.json").write_text("{}")
    done = machine.build()
    assert (done.returncode, "run agents/base/build.sh" in done.stderr) == (1, True)
