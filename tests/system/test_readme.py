"""What the README and the cookbook tell people to type, typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.service import ROOT, Service

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]
README, COOKBOOK = (ROOT / name for name in ("README.md", "docs/rooms.md"))
ANSWER = "| east | 33,442 | 667 |\n| south | 32,775 | 667 |\n"


def commands(document: Path, heading: str) -> str:
    """The shell blocks of one section, in a row."""
    section = document.read_text(encoding="utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S))


@pytest.fixture
def place(service: Service, tmp_path: Path) -> Path:
    """A folder that looks like a checkout next to the running service."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "admin.key").write_text(service.admin_key)
    (tmp_path / "agents").symlink_to(ROOT / "agents")
    service.await_worker()
    return tmp_path


def typed(place: Path, service: Service, text: str) -> str:
    """Everything that these lines write. ROOM is the link of the room that was made last, as people copy it."""
    text = text.replace("alias hmctl='.venv/bin/hmctl'", "").replace("ROOM='hmroom://...'", "")
    text = text.replace("http://localhost:8100", service.origin)
    text = text.replace("tenants create", "tenants create --allow-duplicate-name")
    script = f"""
set -eu
HOME={place} X=agents/examples
hmctl() {{
    PYTHONPATH={ROOT} {sys.executable} -m hmctl "$@" > said
    cat said
    link=$(sed -n 's/^Invite: //p' said)
    ROOM=${{link:-${{ROOM:-}}}}
}}
{text}
"""
    done = subprocess.run(["bash", "-c", script], cwd=place, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_room_by_hand_and_the_recipes_that_go_on_from_it(place: Path, service: Service) -> None:
    assert ANSWER in typed(place, service, commands(README, "## A room by hand"))

    accept = 'hmctl --profile bob room accept "$ROOM"\n'
    bring = commands(COOKBOOK, "## A query agent of the participant's")
    bring = bring.replace("hmctl --profile bob", f"{accept}hmctl --profile bob")
    assert ANSWER in typed(place, service, f"cp var/rules.md rules.md\n{bring}")

    ask = 'hmctl --profile bob room ask "$ROOM" "How much was sold in each region?"\n'
    shown = typed(place, service, commands(COOKBOOK, "## Rows that nothing gets around") + accept + ask)
    assert ANSWER in shown
    assert "| north |" not in shown
