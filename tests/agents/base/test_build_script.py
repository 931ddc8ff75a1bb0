"""How the base image is made: what is tried, what is left out and said, and when nothing is done at all.

The engine, mmdebstrap and pip are programs of the test; the script and the hook that mmdebstrap gets are the real ones.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.agents.default.scripted import AGENTS

NAME = "hivemind-agent-base:latest"
LEFT_OUT = "com.hivemind.agentbase.left-out"

DOCKER = """
import json, os, pathlib, re, sys
kept = pathlib.Path(os.environ["STATE"]) / "images.json"
images = json.loads(kept.read_text()) if kept.exists() else {}
words = sys.argv[1:]
if words[:2] == ["image", "inspect"]:
    if words[-1] not in images:
        sys.exit(1)
    label = re.search('Labels "(.+)"', words[-2])
    print(images[words[-1]].get(label[1], "") if label else "sha256:1")
if words[0] == "import":
    changes = [word.removeprefix("LABEL ").partition("=") for word in words if word.startswith("LABEL ")]
    images[words[-1]] = {name: value.strip('"') for name, _, value in changes}
if words[0] == "tag":
    images[words[2]] = images[words[1]]
if words[0] == "run" and "claude --version" in words[-1]:
    (kept.parent / "checked").touch()
kept.write_text(json.dumps(images))
"""
MMDEBSTRAP = """
import os, pathlib, shutil, subprocess, sys
suite, target = sys.argv[-2:]
state = pathlib.Path(os.environ["STATE"])
with (state / "suites").open("a") as tried:
    tried.write(suite + "\\n")
if suite in os.environ.get("GONE", ""):
    sys.exit(1)
root = state / f"root-{suite}"
shutil.rmtree(root, ignore_errors=True)
for folder in ("etc", "usr/bin", "usr/local/bin", "usr/lib/python3/dist-packages", "usr/lib/python3.13"):
    (root / folder).mkdir(parents=True)
(root / "usr/lib/python3.13/EXTERNALLY-MANAGED").touch()
hook = next(word for word in sys.argv if word.startswith("--customize-hook=")).partition("=")[2]
pathlib.Path(target).touch()
sys.exit(subprocess.run(["sh", "-c", hook, "sh", str(root)]).returncode)
"""
PIP = """
import os, pathlib, sys
if "--version" in sys.argv:
    sys.exit(0)
wanted = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
(wanted / "bin").mkdir(parents=True)
(wanted / "half.py").touch()
sys.exit(1 if os.environ.get("NO_INDEX") else 0)
"""


@dataclass
class Machine:
    """A copy of the recipe, and programs that stand for the machine's."""

    folder: Path

    def build(self, *words: str, **settings: str) -> str:
        """Run the script; what it says."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        env = {"PATH": path, "STATE": str(self.folder), "HOME": str(self.folder)} | settings
        script = self.folder / "agents" / "base" / "build.sh"
        done = subprocess.run([script, *words], env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def labels(self) -> dict[str, str]:
        """Those of the image."""
        return dict(json.loads((self.folder / "images.json").read_text())[NAME])

    @property
    def tried(self) -> list[str]:
        """The suites that were asked for, in order."""
        return (self.folder / "suites").read_text().split()


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}{text}" if "import" in text else f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for part in ("base", "sdk"):
        shutil.copytree(AGENTS / part, tmp_path / "agents" / part)
    program(tmp_path / "bin" / "docker", DOCKER)
    program(tmp_path / "bin" / "mmdebstrap", MMDEBSTRAP)
    program(tmp_path / "bin" / "chroot", "echo 3.13")
    program(tmp_path / "bin" / "chown", "exit 0")
    program(tmp_path / ".venv" / "bin" / "python", PIP)
    program(tmp_path / "agents" / "base-hermes" / "build.sh", 'echo "second image asked for $*"')
    return Machine(tmp_path)


def test_an_unchanged_recipe_costs_one_look_and_a_changed_one_is_made(machine: Machine) -> None:
    said = machine.build()
    assert f"made {NAME}" in said and "second image asked for" in said
    assert machine.labels[LEFT_OUT] == ""
    assert (machine.folder / "checked").exists()
    said = machine.build()
    assert "is up to date" in said and "second image asked for" in said
    assert machine.tried == ["trixie"]
    (machine.folder / "agents" / "base" / "vendor.lock").write_text("other==1\n")
    assert f"made {NAME}" in machine.build()
    assert "second image asked for --force" in machine.build("--force")
    assert "second image" not in machine.build(AGENT_BASE_VENDOR="no", AGENT_BASE_TAG="other:x")
    assert machine.tried == ["trixie"] * 4


def test_pip_installs_where_a_running_agent_finds_it(machine: Machine) -> None:
    machine.build()
    root = machine.folder / "root-trixie"
    packages = root / "usr/local/lib/python3.13/dist-packages"
    assert (packages / "half.py").exists() and not (packages / "bin").exists()
    assert (root / "usr/local/bin/claude").readlink() == Path(
        "../lib/python3.13/dist-packages/claude_agent_sdk/_bundled/claude"
    )
    assert not (root / "usr/lib/python3.13/EXTERNALLY-MANAGED").exists()


def test_packages_that_cannot_be_had_are_left_out_said_and_not_tried_again_unasked(machine: Machine) -> None:
    said = machine.build(NO_INDEX="yes")
    assert "made without the packages of vendor.lock" in said
    assert "vendor.lock" in machine.labels[LEFT_OUT]
    assert not (machine.folder / "root-trixie/usr/local/lib/python3.13/dist-packages/half.py").exists()
    assert "is up to date" in (said := machine.build()) and "without the packages of vendor.lock" in said
    assert machine.tried == ["trixie"]
    machine.build("--force")
    assert machine.labels[LEFT_OUT] == ""


def test_an_older_suite_is_taken_and_said_when_the_wanted_one_cannot_be_had(machine: Machine) -> None:
    assert "made without Debian trixie" in machine.build(GONE="trixie")
    assert machine.tried == ["trixie", "bookworm"]
    assert machine.labels[LEFT_OUT] == "Debian trixie"


def test_without_any_suite_nothing_is_named(machine: Machine) -> None:
    with pytest.raises(AssertionError, match="no Debian packages can be had"):
        machine.build(GONE="trixie bookworm")
    assert NAME not in (machine.folder / "images.json").read_text()


def test_the_vendor_packages_can_be_left_out_for_good(machine: Machine) -> None:
    said = machine.build(AGENT_BASE_VENDOR="no")
    assert "nodejs" not in said and "without" not in said
    assert not (machine.folder / "root-trixie/usr/local/bin/claude").is_symlink()
